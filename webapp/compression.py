from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class Compression(GZipMiddleware):
    """Gzip for pages and JSON; files whose length and ranges a client relies on go out `as_it_is`."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if getattr(response, "as_it_is", False):
            return response
        return super().process_response(request, response)
