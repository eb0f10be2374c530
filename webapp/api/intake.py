"""Prompts, samples and comparisons in: a JSON list, one JSON object, or NDJSON read as a stream (promise 7)."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.intake.outcome import Taken
from annotation.intake.rows import BadRow
from annotation.intake.taking import take_comparisons, take_prompts, take_samples
from webapp.api.access import MANAGES, READS_DATA, caller, project_for
from webapp.api.problems import MEDIA_TYPE, problem
from webapp.api.reading import JSONLinesParser, JSONParser, NDJSONParser
from webapp.api.schema import PROBLEMS
from webapp.api.tail import tail

PARSERS = [JSONParser, NDJSONParser, JSONLinesParser]
GOOD_ROWS = OpenApiParameter(
    "good_rows", bool, description="Take the good rows of a body that has bad ones. Otherwise all or nothing."
)


class BadRowSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="From 1: the line of NDJSON, or the place in a JSON list.")
    reason = serializers.CharField()


class TakenSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    errors = BadRowSerializer(many=True)  # type: ignore[assignment]  # a field, not the serializer's property


def _described(what: str, shape: str) -> Callable[[Any], Any]:
    return extend_schema(
        methods=["POST"],
        summary=f"Add {what}",
        description=f"A JSON list of, one, or NDJSON lines of `{shape}`.",
        request={"application/json": OpenApiTypes.ANY, "application/x-ndjson": OpenApiTypes.STR},
        parameters=[GOOD_ROWS],
        responses={200: TakenSerializer, 201: TakenSerializer, **PROBLEMS},
    )


@_described("prompts", "{messages | prompt, language?, category?, source?, external_id?, family?}")
@api_view(["POST"])
@parser_classes(PARSERS)
def prompts(request: Request, slug: str) -> Response:
    return _take(request, slug, take_prompts)


@_described("answers made elsewhere", "{prompt_id | prompt, text, generator, parameters?, seed?, finish_reason?}")
@api_view(["POST"])
@parser_classes(PARSERS)
def samples(request: Request, slug: str) -> Response:
    return _take(request, slug, take_samples)


@_described("rankings made elsewhere", "{prompt, responses[], ranks[], annotator?} (lower is better, equal is a tie)")
@extend_schema(
    methods=["GET"],
    summary="Tail the comparisons",
    parameters=[OpenApiParameter("since", str), OpenApiParameter("limit", int)],
    responses={(200, "application/x-ndjson"): OpenApiTypes.STR, **PROBLEMS},
)
@api_view(["GET", "POST"])
@parser_classes(PARSERS)
def comparisons(request: Request, slug: str) -> Any:
    """Rankings made elsewhere in; current rankings out as NDJSON, from a cursor on."""
    if request.method == "GET":
        return tail(request, project_for(request, slug, READS_DATA))
    return _take(request, slug, take_comparisons)


def _take(request: Request, slug: str, take: Callable[..., Taken]) -> Response:
    project = project_for(request, slug, MANAGES)
    good_rows = request.query_params.get("good_rows", "").lower() in {"1", "true", "yes"}
    taken = take(project=project, rows=_rows(request.data), by=caller(request), good_rows=good_rows)
    result = {
        "created": taken.created,
        "duplicates": taken.duplicates,
        "errors": [{"line": bad.line, "reason": bad.reason} for bad in taken.errors],
    }
    if taken.errors and not good_rows:
        refusal = problem(422, "Nothing was taken: mend the rows named in errors, or ask for good_rows=1.", **result)
        return Response(refusal, status=422, content_type=MEDIA_TYPE)
    return Response(result, status=201 if taken.created else 200)


def _rows(body: Any) -> Iterable[tuple[int, Any] | BadRow]:
    """Numbered rows of a body: parsed NDJSON as it is, a list's items, or one object."""
    if isinstance(body, Iterator):
        return body
    if isinstance(body, dict):
        return [(1, body)]
    if isinstance(body, list):
        return enumerate(body, start=1)
    raise ParseError("Send a JSON list, a JSON object, or NDJSON.")
