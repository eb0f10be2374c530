"""Frozen datasets: freeze, read the manifest, download whole or in ranges."""

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.models.audit import record
from exports import jobs as freezing
from exports.kinds import FILES
from exports.models import Snapshot
from exports.reading import Damaged, Withdrawn, open_file
from webapp.api.access import READS_DATA, caller, project_for
from webapp.api.errors import Gone, Unprocessable
from webapp.api.jobs import JobSerializer, accepted
from webapp.api.paging import CursorPagination
from webapp.api.ranges import ranged
from webapp.api.schema import PROBLEMS, page_of
from workers.jobs import Refused

Body = HttpResponse | StreamingHttpResponse


class SnapshotSerializer(serializers.ModelSerializer[Snapshot]):
    project = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Snapshot
        fields = ("id", "project", "sha256", "query", "manifest", "job", "created_at")


@extend_schema(methods=["GET"], responses={200: page_of(SnapshotSerializer), **PROBLEMS})
@extend_schema(methods=["POST"], request=OpenApiTypes.OBJECT, responses={202: JobSerializer, **PROBLEMS})
@api_view(["GET", "POST"])
def snapshots(request: Request, slug: str) -> Response:
    """The project's snapshots, or a job that freezes the query in the body: with nothing asked for, every strict
    pair of every current judgement, split 90/5/5."""
    project = project_for(request, slug, READS_DATA)
    if request.method == "POST":
        try:
            return accepted(freezing.start(project=project, by=caller(request), query=request.data or {}))
        except Refused as error:
            raise Unprocessable(str(error)) from error
    pages = CursorPagination()
    kept = Snapshot.objects.filter(project=project).select_related("project")
    return pages.get_paginated_response(SnapshotSerializer(pages.paginate_queryset(kept, request), many=True).data)


@extend_schema(responses={200: SnapshotSerializer, **PROBLEMS})
@api_view(["GET"])
def snapshot(request: Request, pk: int) -> Response:
    """The manifest: counts, hashes, query, versions."""
    return Response(SnapshotSerializer(_visible(request, pk)).data)


@extend_schema(
    responses={
        **{(status, kind): OpenApiTypes.BINARY for status in (200, 206) for kind in FILES.values()},
        304: None,
        (410, "application/problem+json"): OpenApiTypes.OBJECT,
        416: None,
        **PROBLEMS,
    }
)
@api_view(["GET", "HEAD"])
def snapshot_file(request: Request, pk: int, form: str, split: str, extension: str) -> Body:
    """One file, the same bytes for ever: `ETag` is its hash, `Range` resumes a download."""
    frozen = _visible(request, pk)
    name = f"{form}/{split}.{extension}"
    entry = frozen.file(name)
    if entry is None:
        raise Http404(f"This snapshot holds no {name}.")
    try:
        path = open_file(frozen, form, split, extension)
    except (Damaged, Withdrawn) as error:
        raise Gone(str(error)) from error
    if request.method == "GET":
        record("snapshot.download", actor=caller(request), project=frozen.project, subject=pk, file=name)
    return ranged(_plain(request), path, etag=entry["sha256"], content_type=FILES[extension])


def _plain(request: Request) -> HttpRequest:
    return request._request


def _visible(request: Request, pk: int) -> Snapshot:
    return get_object_or_404(Snapshot.objects.visible_to(request.user).select_related("project"), pk=pk)
