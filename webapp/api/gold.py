"""Tasks whose right order is known: what there is and how people do on it, made from a task, changed, given up."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from annotation import gold as golds_of
from annotation.models import Gold, Lane, Project, Task
from annotation.quality.gold import tallies
from annotation.quality.shares import Tally
from webapp.api.access import MANAGES, READS_DATA, caller, project_for
from webapp.api.errors import Unprocessable
from webapp.api.fields import OrderField
from webapp.api.paging import CursorPagination
from webapp.api.quality import ShareSerializer
from webapp.api.schema import PROBLEMS, page_of


class OrderSerializer(serializers.Serializer[Any]):
    ranking = OrderField(help_text="All answers of the task, best first; several ids inside one list are a tie.")
    explanation = serializers.CharField(
        max_length=golds_of.LONGEST_EXPLANATION, required=False, allow_blank=True, default="",
        help_text="Why this order is right: told after the answer in the qualification round.",
    )  # fmt: skip
    purpose = serializers.ChoiceField(
        choices=[str(purpose) for purpose in golds_of.PURPOSES],
        default=str(Lane.Purpose.GOLD),
        help_text="`gold`: mixed into the work, unseen; `qualification`: in the round before it, explained.",
    )


class NewGoldSerializer(OrderSerializer):
    task = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class GoldSerializer(serializers.Serializer[Any]):
    task = serializers.IntegerField()
    prompt = serializers.IntegerField()
    purpose = serializers.CharField()
    ranking = OrderField()
    explanation = serializers.CharField()
    right = ShareSerializer(
        help_text="Of its strict pairs, those that people ordered right: the newest 200 judgements."
    )
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()


@extend_schema(methods=["GET"], operation_id="gold_list", responses={200: page_of(GoldSerializer), **PROBLEMS})
@extend_schema(
    methods=["POST"],
    operation_id="gold_make",
    request=NewGoldSerializer,
    responses={200: GoldSerializer, 201: GoldSerializer, **PROBLEMS},
)
@api_view(["GET", "POST"])
def golds(request: Request, slug: str) -> Response:
    """The project's gold, oldest first; or make a task gold, or change the order, words or purpose of one that is.

    A task leaves the work with what was said of it: none of that is in datasets or training any more.
    """
    if request.method == "POST":
        return _make(request, project_for(request, slug, MANAGES))
    project, pages = project_for(request, slug, READS_DATA), CursorPagination()
    shown = pages.paginate_queryset(golds_of.of(project), request) or []
    found = tallies(project, shown)
    return pages.get_paginated_response([_described(gold, found[gold.task_id]) for gold in shown])


def _make(request: Request, project: Project) -> Response:
    sent = NewGoldSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    wished = dict(sent.validated_data)
    task = Task.objects.filter(project=project, pk=wished.pop("task")).first()
    if task is None:
        raise ValidationError({"task": ["There is no such task in this project."]})
    try:
        made, is_new = golds_of.make(task=task, groups=wished.pop("ranking"), by=caller(request), **wished)
    except golds_of.NotGold as reason:
        raise Unprocessable(str(reason)) from reason
    where = reverse("api:gold", args=[project.slug, made.task_id], request=request)
    return Response(_known(project, made.task_id), status=201 if is_new else 200, headers={"Location": where})


@extend_schema(methods=["GET"], responses={200: GoldSerializer, **PROBLEMS})
@extend_schema(methods=["DELETE"], request=None, responses={204: None, **PROBLEMS})
@api_view(["GET", "DELETE"])
def gold(request: Request, slug: str, task_id: int) -> Response:
    """A task's gold; or give it up: the task is work again, and what was said of it counts as everything else."""
    project = project_for(request, slug, READS_DATA if request.method == "GET" else MANAGES)
    if request.method == "GET":
        return Response(_known(project, task_id))
    golds_of.give_up(gold=_gold(project, task_id), by=caller(request))
    return Response(status=204)


def _gold(project: Project, task_id: int) -> Gold:
    """By way of the task, whose own number may be any."""
    task = get_object_or_404(Task.objects.filter(project=project, gold__isnull=False), pk=task_id)
    return golds_of.of(project).get(task=task)


def _known(project: Project, task_id: int) -> dict[str, Any]:
    found = _gold(project, task_id)
    return _described(found, tallies(project, [found])[task_id])


def _described(found: Gold, tally: Tally) -> dict[str, Any]:
    body = {
        "task": found.task_id,
        "prompt": found.task.prompt_id,
        "purpose": found.task.lane.purpose,
        "ranking": found.groups,
        "explanation": found.explanation,
        "right": tally.estimate().as_dict(),
        "created_by": found.created_by.username,
        "created_at": found.created_at,
    }
    return dict(GoldSerializer(body).data)
