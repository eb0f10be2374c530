"""Calls that bring a token go straight to their view: what stands between is for pages."""

from collections.abc import Callable
from typing import cast

from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import resolve
from django.utils import translation

from webapp.compression import Compression

Answer = Callable[[HttpRequest], HttpResponseBase]


class Direct:
    """Sessions, CSRF, messages, htmx and the rest of the middleware below are skipped where a token says who calls.

    An API call without one goes through them all: a signed-in browser may read the API with its session.
    """

    def __init__(self, get_response: Answer):
        self.pages = get_response
        whole = cast(Answer, convert_exception_to_response(answer))
        self.calls = cast(Answer, Compression(measured(whole)))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.calls(request) if brings_token(request) else self.pages(request)


def brings_token(request: HttpRequest) -> bool:
    said = request.META.get("HTTP_AUTHORIZATION", "")
    return request.path_info.startswith("/api/") and said[:6].lower() == "token "


def answer(request: HttpRequest) -> HttpResponseBase:
    """What Django's handler does behind the middleware; and of the middleware the language."""
    translation.activate(translation.get_language_from_request(request))
    match = request.resolver_match = resolve(request.path_info)
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    if isinstance(response, SimpleTemplateResponse):
        response.render()
    return response


def measured(get_response: Answer) -> Answer:
    """With its length, errors too: else the connection is not kept, or it goes in chunks."""

    def answered(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(response, HttpResponse) and not response.has_header("Content-Length"):
            response["Content-Length"] = len(response.content)
        return response

    return answered
