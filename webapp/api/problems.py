"""Errors as RFC 9457 problem details: `{type, title, status, detail}`, and `errors` by field where there are any."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

MEDIA_TYPE = "application/problem+json"


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler, answering problem details. Other exceptions stay errors of ours: status 500."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    response = exception_handler(error, context)
    if response is None:
        return None
    assert isinstance(error, exceptions.APIException)
    response.data = problem(response.status_code, **_members(error))
    response.content_type = MEDIA_TYPE
    return response


def _members(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return {"detail": "Some values are not acceptable: see errors.", "errors": error.detail}
    return {"detail": str(error.detail)}


def problem(status: int, detail: str = "", **members: Any) -> dict[str, Any]:
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **members}


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return JsonResponse(problem(404, "There is nothing here."), status=404, content_type=MEDIA_TYPE)


def server_error(request: HttpRequest) -> JsonResponse:
    detail = "Something went wrong on our side; it is in the server's log."
    return JsonResponse(problem(500, detail), status=500, content_type=MEDIA_TYPE)
