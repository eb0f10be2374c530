"""What annotators report, and a manager's verdict on it."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import reports
from annotation.judging import NoLongerOpen
from annotation.models import Assignment, Report
from webapp.api.access import MANAGES, caller, project_for
from webapp.api.errors import Conflict
from webapp.api.paging import CursorPagination
from webapp.api.schema import PROBLEMS, page_of


class StateSerializer(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=["open", "closed"], default="open")


class ReportSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    task = serializers.IntegerField(source="task_id")
    prompt = serializers.IntegerField(source="prompt_id", allow_null=True, help_text="Null: of a chat.")
    sample = serializers.IntegerField(source="sample_id", allow_null=True, help_text="Null: the prompt is meant.")
    conversation = serializers.IntegerField(source="conversation_id", allow_null=True)
    candidate = serializers.IntegerField(
        source="candidate_id", allow_null=True, help_text="An answer in the chat; null: the conversation is meant."
    )
    reason = serializers.ChoiceField(choices=Report.Reason.values)
    note = serializers.CharField()
    person = serializers.CharField(source="person.username")
    created_at = serializers.DateTimeField()
    verdict = serializers.CharField(help_text="Empty while it is open.")
    words = serializers.CharField(source="resolution")
    resolved_by = serializers.CharField(source="resolved_by.username", allow_null=True, default=None)
    resolved_at = serializers.DateTimeField(allow_null=True)


class ResolutionSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(
        choices=Report.Verdict.values,
        help_text="`upheld`: the reported answer is no longer handed out, nor are its tasks (or the prompt, where that "
        "is meant); `withdrawn`: this task alone; `rejected`: the prompt or conversation; `dismissed`: all stays.",
    )
    words = serializers.CharField(max_length=reports.LONGEST_NOTE, allow_blank=True, required=False, default="")


class ReportToSendSerializer(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=Report.Reason.values)
    sample = serializers.IntegerField(
        min_value=1, required=False, allow_null=True, help_text="An answer of the task; else the prompt is meant."
    )
    answer = serializers.IntegerField(
        min_value=1,
        required=False,
        allow_null=True,
        help_text="In a chat: an answer of one of its turns, by its id; else the conversation is meant.",
    )
    note = serializers.CharField(max_length=reports.LONGEST_NOTE, allow_blank=True, required=False, default="")


@extend_schema(request=ReportToSendSerializer, responses={201: ReportSerializer, **PROBLEMS})
@api_view(["POST"])
def send(request: Request, uuid: UUID) -> Response:
    """Say that something in one's task should not be in the data. Once more changes nothing but the note."""
    mine = Assignment.objects.visible_to(request.user).select_related("project", "task__lane", "person")
    assignment = get_object_or_404(mine, pk=uuid)
    sent = ReportToSendSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    said = sent.validated_data
    about = {"sample_id": said.get("sample"), "candidate_id": said.get("answer")}
    try:
        made = reports.report(assignment=assignment, reason=said["reason"], note=said["note"], **about)
    except reports.NotReportable as error:
        raise ValidationError({"reason": [str(error)]}) from error
    except NoLongerOpen as error:
        raise Conflict(str(error)) from error
    return Response(ReportSerializer(made).data, status=201)


@extend_schema(parameters=[StateSerializer], responses={200: page_of(ReportSerializer), **PROBLEMS})
@api_view(["GET"])
def report_list(request: Request, slug: str) -> Response:
    """The project's reports, open or closed, oldest first. For its managers."""
    project, pages = project_for(request, slug, MANAGES), CursorPagination()
    wished = StateSerializer(data=request.query_params)
    wished.is_valid(raise_exception=True)
    is_open = wished.validated_data["state"] == "open"
    found = Report.objects.filter(project=project, resolved_at__isnull=is_open).select_related("person", "resolved_by")
    shown = pages.paginate_queryset(found, request)
    return pages.get_paginated_response(ReportSerializer(shown, many=True).data)


@extend_schema(responses={200: ReportSerializer, **PROBLEMS})
@api_view(["GET"])
def report(request: Request, slug: str, report_id: int) -> Response:
    """One report, and what became of it."""
    return Response(ReportSerializer(_report(request, slug, report_id)).data)


@extend_schema(request=ResolutionSerializer, responses={200: ReportSerializer, **PROBLEMS})
@api_view(["POST"])
def resolve(request: Request, slug: str, report_id: int) -> Response:
    """A manager's verdict, with their words for who reported. Once: a closed report stays as it is (409)."""
    found = _report(request, slug, report_id)
    sent = ResolutionSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    if not reports.resolve(report=found, by=caller(request), **sent.validated_data):
        raise Conflict("Somebody has closed this report already.")
    return Response(ReportSerializer(_report(request, slug, report_id)).data)


def _report(request: Request, slug: str, report_id: int) -> Report:
    project = project_for(request, slug, MANAGES)
    found = Report.objects.filter(project=project).select_related("project", "person", "resolved_by")
    return get_object_or_404(found, pk=report_id)
