"""Frozen datasets: freeze, read the manifest, download whole or in ranges."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.models import Person, Project
from annotation.models.audit import record
from exports import jobs as freezing
from exports import packing, pushing, shelf
from exports.models import Snapshot
from exports.packing import Coding
from exports.reading import Damaged, Withdrawn, card_of, facts_of, open_file
from webapp.api import links
from webapp.api.access import MANAGES, READS_DATA, caller, object_for, project_for
from webapp.api.bodies import BODIES, Body, body_of
from webapp.api.errors import Gone, Unprocessable
from webapp.api.jobs import JobSerializer, accepted
from webapp.api.paging import CursorPagination
from webapp.api.problems import MEDIA_TYPE
from webapp.api.schema import PROBLEMS, page_of
from workers.jobs import Refused


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


@extend_schema(responses={(200, "text/markdown"): OpenApiTypes.STR, (410, MEDIA_TYPE): OpenApiTypes.OBJECT, **PROBLEMS})
@api_view(["GET"])
def snapshot_card(request: Request, pk: int) -> HttpResponse:
    """The dataset card, `README.md`. Beside the files in a folder it lets `datasets.load_dataset(folder)` read them."""
    try:
        text = card_of(_visible(request, pk))
    except (Damaged, Withdrawn) as error:
        raise Gone(str(error)) from error
    return HttpResponse(text, content_type="text/markdown; charset=utf-8")


@extend_schema(responses=BODIES)
@api_view(["GET", "HEAD"])
def snapshot_file(request: Request, pk: int, form: str, split: str, extension: str) -> Body:
    """One file, the same bytes for ever: `ETag` is its hash, `Range` resumes a download.

    Whoever takes gzip or zstd gets it (not with `Range`). Every text file can also be had packed, by its name with
    `.gz` or `.zst` behind it.
    """
    return _sent(request, _visible(request, pk), f"{form}/{split}.{extension}", caller(request))


class LinkSerializer(serializers.Serializer[Any]):
    file = serializers.CharField(max_length=200, help_text="Such as trl-preference/train.jsonl.")
    hours = serializers.FloatField(min_value=0.01, max_value=links.MOST_HOURS, default=24)


class MadeLinkSerializer(serializers.Serializer[Any]):
    url = serializers.URLField()
    expires_at = serializers.DateTimeField()


@extend_schema(request=LinkSerializer, responses={201: MadeLinkSerializer, **PROBLEMS})
@api_view(["POST"])
def snapshot_link(request: Request, pk: int) -> Response:
    """A link to one file that needs no token, for some hours: for a machine that shall have this file and no more.

    It ends at once when its maker may no longer read the project.
    """
    frozen, asked = _visible(request, pk), LinkSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    name, by = asked.validated_data["file"], caller(request)
    _, entry, _ = _named(frozen, name)
    if entry is None:
        raise ValidationError({"file": [f"This snapshot holds no {name}."]})
    made = links.issue(frozen=frozen, file=name, maker=by, hours=asked.validated_data["hours"])
    return Response({"url": request.build_absolute_uri(made.path), "expires_at": made.expires_at}, status=201)


class PushSerializer(serializers.Serializer[Any]):
    repository = serializers.CharField(max_length=200, help_text="OWNER/NAME; made if need be.")
    private = serializers.BooleanField(default=True, help_text="Of a repository that is made.")


@extend_schema(request=PushSerializer, responses={202: JobSerializer, **PROBLEMS})
@api_view(["POST"])
def snapshot_push(request: Request, pk: int) -> Response:
    """Push the snapshot to a dataset repository of the Hugging Face hub that this server has a token for."""
    managed = Snapshot.objects.visible_to(request.user).filter(
        project__in=Project.objects.with_role(request.user, *MANAGES)
    )
    frozen = object_for(request, managed.select_related("project"), MANAGES, pk=pk)
    asked = PushSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    try:
        return accepted(pushing.start(snapshot=frozen, by=caller(request), **asked.validated_data))
    except Refused as error:
        raise Unprocessable(str(error)) from error


@extend_schema(auth=[], responses=BODIES)
@api_view(["GET", "HEAD"])
@authentication_classes([])
@permission_classes([])
def linked_file(request: Request, signed: str, name: str) -> Body:
    """The file that a link is for. `name` is there for programs that go by a file's ending."""
    try:
        link = links.read(signed)
        maker = Person.objects.get(pk=link.maker, is_active=True)
        frozen = Snapshot.objects.visible_to(maker).select_related("project").get(pk=link.snapshot)
    except (links.NoLink, Person.DoesNotExist, Snapshot.DoesNotExist) as error:
        raise Http404 from error
    if name != link.file.rpartition("/")[2]:
        raise Http404
    return _sent(request, frozen, link.file, maker, by_link=True)


def _named(frozen: Snapshot, name: str) -> tuple[str, dict[str, Any] | None, Coding | None]:
    """The file's own name, its entry in the manifest, and how it is to be packed where the name says so."""
    entry = frozen.file(name)
    plain, _, ending = name.rpartition(".")
    coding = packing.by_ending(ending)
    if entry is None and coding and plain.endswith(packing.PACKABLE):
        return plain, frozen.file(plain), coding
    return name, entry, None


def _sent(request: Request, frozen: Snapshot, name: str, reader: Person, **how: bool) -> Body:
    plain, entry, coding = _named(frozen, name)
    if entry is None:
        raise NotFound(f"This snapshot holds no {name}; it holds {', '.join(sorted(frozen.manifest['files']))}.")
    form, _, rest = plain.partition("/")
    split, _, kind = rest.partition(".")
    try:
        facts_of(frozen, plain)
        elsewhere = None if coding else shelf.link(frozen, plain)
        path = None if elsewhere else open_file(frozen, form, split, kind)
    except (Damaged, Withdrawn) as error:
        raise Gone(str(error)) from error
    if request.method == "GET":
        record("snapshot.download", actor=reader, project=frozen.project, subject=frozen.pk, file=name, **how)
    if path is None:
        return HttpResponseRedirect(elsewhere or "")
    return body_of(request._request, frozen, path, entry, coding)


def _visible(request: Request, pk: int) -> Snapshot:
    return object_for(request, Snapshot.objects.visible_to(request.user).select_related("project"), READS_DATA, pk=pk)
