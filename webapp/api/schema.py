"""Pieces of the OpenAPI document that several calls share."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, inline_serializer
from rest_framework import serializers


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()


def _problem(description: str) -> dict[tuple[int, str], Any]:
    return OpenApiResponse(ProblemSerializer, description=description)  # type: ignore[return-value]


PROBLEMS: dict[Any, Any] = {
    (400, "application/problem+json"): _problem("The body or a parameter is not acceptable"),
    (401, "application/problem+json"): _problem("No valid token"),
    (403, "application/problem+json"): _problem("Not allowed"),
    (404, "application/problem+json"): _problem("Nothing here, or nothing that is yours to see"),
    (405, "application/problem+json"): _problem("Another method than this path takes"),
    (409, "application/problem+json"): _problem("Does not fit the state of things"),
    (413, "application/problem+json"): _problem("Too large"),
    (415, "application/problem+json"): _problem("Unknown media type"),
    (429, "application/problem+json"): _problem("Too many calls in this minute: Retry-After says when to come back"),
    (422, "application/problem+json"): _problem("Understood, but makes no sense"),
}


def page_of(serializer: type[serializers.BaseSerializer[Any]]) -> serializers.Serializer[Any]:
    """A page of a cursor-paged list."""
    name = serializer.__name__.removesuffix("Serializer")
    return inline_serializer(
        f"{name}Page",
        {
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": serializer(many=True),
        },
    )
