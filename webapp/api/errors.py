"""What the API refuses, beside what DRF has a name for. Apart from problems.py, which DRF loads as it starts."""

from rest_framework.exceptions import APIException


class Conflict(APIException):
    status_code = 409
    default_detail = "The request does not fit the state of things."
    default_code = "conflict"


class Unprocessable(APIException):
    status_code = 422
    default_detail = "The request was understood but makes no sense."
    default_code = "unprocessable"


class TooLarge(APIException):
    status_code = 413
    default_detail = "The body is too large: send NDJSON (application/x-ndjson), which is read as a stream."
    default_code = "too_large"


class Gone(APIException):
    status_code = 410
    default_detail = "This is no longer as it was."
    default_code = "gone"


class Unavailable(APIException):
    status_code = 503
    default_detail = "Not just now: try again in a moment."
    default_code = "unavailable"
    wait = 5  # seconds, which DRF puts into Retry-After
