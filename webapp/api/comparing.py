"""Two snapshots beside each other: counts, the first examples, and all changes as JSON lines."""

from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.models.audit import record
from exports import comparison, differences, shelf
from exports.models import Comparison, Snapshot
from webapp.api.access import READS_DATA, caller, object_for
from webapp.api.bodies import BODIES, Body, body_of
from webapp.api.errors import Gone, Unprocessable
from webapp.api.jobs import JobSerializer, accepted
from webapp.api.schema import PROBLEMS
from workers.jobs import Refused


class CountsSerializer(serializers.Serializer[Any]):
    added = serializers.IntegerField()
    removed = serializers.IntegerField()
    changed = serializers.IntegerField()
    alike = serializers.IntegerField()


class DifferenceSerializer(serializers.Serializer[Any]):
    what = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class DiffSerializer(serializers.Serializer[Any]):
    """All changes of one format: JSON lines `{change, split, before, after}`."""

    rows = serializers.IntegerField()
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    url = serializers.URLField()


class ComparisonSerializer(serializers.Serializer[Any]):
    before = serializers.IntegerField()
    after = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    formats = serializers.DictField(
        child=serializers.DictField(child=CountsSerializer()), help_text="Counts by format and split."
    )
    query = DifferenceSerializer(many=True, help_text="Keys of the query that differ.")
    versions = DifferenceSerializer(many=True, help_text="Versions of guidelines, models and code that differ.")
    diffs = serializers.DictField(child=DiffSerializer(), help_text="By format.")
    examples = serializers.JSONField(help_text="The first of each kind by format, long texts cut.")


@extend_schema(methods=["GET"], responses={200: ComparisonSerializer, **PROBLEMS})
@extend_schema(
    methods=["POST"],
    request=None,
    responses={
        200: OpenApiResponse(ComparisonSerializer, description="They were compared before"),
        202: JobSerializer,
        **PROBLEMS,
    },
)
@api_view(["GET", "POST"])
def snapshot_comparison(request: Request, pk: int, other: int) -> Response:
    """What snapshot `other` has that `pk` has not, and the other way round; POST starts the job that compares them.

    Neither ever changes, so they are compared once; until then GET answers 404.
    """
    made = Comparison.objects.visible_to(request.user).filter(before=pk, after=other).first()
    if made is not None:
        return Response(_told(request, made))
    before, after = _sides(request, pk, other)
    if request.method == "GET":
        raise Http404("These two were not compared yet: POST here.")
    try:
        return accepted(comparison.start(project=before.project, by=caller(request), before=before, after=after))
    except Refused as error:
        raise Unprocessable(str(error)) from error


def _sides(request: Request, *pks: int) -> list[Snapshot]:
    readable = Snapshot.objects.visible_to(request.user).select_related("project")
    return [object_for(request, readable, READS_DATA, pk=pk) for pk in pks]


def _told(request: Request, made: Comparison) -> dict[str, Any]:
    before, after = made.before, made.after
    diffs = {
        name.removesuffix(".jsonl"): {**facts, "url": request.build_absolute_uri(diff_url(made, name))}
        for name, facts in made.manifest["files"].items()
    }
    return {
        "before": before.pk,
        "after": after.pk,
        "created_at": made.created_at,
        "formats": made.manifest["formats"],
        "query": [asdict(one) for one in differences.of_queries(before, after)],
        "versions": [asdict(one) for one in differences.of_versions(before, after)],
        "diffs": diffs,
        "examples": made.manifest["examples"],
    }


def diff_url(made: Comparison, name: str) -> str:
    """Where the file of that name, such as `kwise.jsonl`, can be had."""
    return reverse("api:snapshot_diff", args=[made.before_id, made.after_id, name.removesuffix(".jsonl")])


@extend_schema(responses=BODIES)
@api_view(["GET", "HEAD"])
def snapshot_diff(request: Request, pk: int, other: int, form: str) -> Body:
    """All changes of one format as JSON lines `{change, split, before, after}`; `Range` and compression as of files."""
    _sides(request, pk, other)
    made = get_object_or_404(
        Comparison.objects.visible_to(request.user).select_related("before__project"), before=pk, after=other
    )
    name = f"{form}.jsonl"
    entry = made.manifest["files"].get(name)
    if entry is None:
        raise Http404(f"This comparison holds no {name}.")
    if request.method == "GET":
        by, project = caller(request), made.before.project
        record("snapshot.diff", actor=by, project=project, subject=f"{pk} {other}", file=name)
    if elsewhere := shelf.link(made, name):
        return HttpResponseRedirect(elsewhere)
    path = shelf.local(made, name)
    if not path.is_file() or path.stat().st_size != entry["bytes"]:
        raise Gone(f"{name} is no longer as it was written.")
    return body_of(request._request, made, path, entry)
