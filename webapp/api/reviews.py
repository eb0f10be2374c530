"""Adjudication: reviewers meet tasks whose judges disagree, without names, and rule."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import questions, reviews
from annotation.models import Person, Review, Sample, Task
from annotation.models.judgement import OVERALL
from webapp.api.access import REVIEWS, caller, project_for
from webapp.api.errors import Unprocessable
from webapp.api.fields import NamedField, OrderField
from webapp.api.paging import CursorPagination
from webapp.api.schema import PROBLEMS, page_of
from webapp.api.verdicts import MessageSerializer
from webapp.api.work import LONGEST_CRITERION, SampleTextSerializer


class WaitingSerializer(serializers.Serializer[Any]):
    task = serializers.IntegerField(source="pk")
    prompt = serializers.IntegerField(source="prompt_id", allow_null=True)
    samples = serializers.ListField(child=serializers.IntegerField(), source="sample_ids")
    judged = serializers.IntegerField(help_text="How many people judged it.")
    waiting_since = serializers.DateTimeField(source="review_wanted_at", allow_null=True)


class RulingSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(
        choices=Review.Verdict.values,
        help_text="`confirmed`: the judgements stand; `overruled`: your own order holds instead of them, in datasets "
        "and training too; `discarded`: nobody gets the task any more, and no dataset has it.",
    )
    ranking = OrderField(
        required=False, help_text="Where you overrule: all answers of the task, best first, by the main criterion."
    )
    rankings = NamedField(
        longest_name=LONGEST_CRITERION,
        child=OrderField(),
        required=False,
        help_text="One ranking a criterion, where the project asks for several.",
    )
    note = serializers.CharField(max_length=reviews.LONGEST_NOTE, allow_blank=True, required=False, default="")

    def orders(self) -> dict[str, list[list[int]]]:
        """By the project's own criteria; `ranking` and `overall` are its main one."""
        given = list(self.validated_data.get("rankings", {}).items())
        if ranking := self.validated_data.get("ranking"):
            given.append((OVERALL, ranking))
        project = self.context["task"].project
        named = {questions.criterion(project, criterion): groups for criterion, groups in given}
        if len(named) < len(given):
            raise ValidationError({"ranking": ["The order by the main criterion is given twice: send one of them."]})
        return named


class RuledSerializer(serializers.Serializer[Any]):
    verdict = serializers.CharField()
    rankings = NamedField(child=OrderField(), source="orders", help_text="Of who overrules; else empty.")
    note = serializers.CharField()
    created_at = serializers.DateTimeField()


class JudgeSerializer(serializers.Serializer[Any]):
    """What one of the judges said, without who they are."""

    rankings = NamedField(child=OrderField(), help_text="By criterion.")
    strength = serializers.IntegerField(allow_null=True)
    all_bad = serializers.BooleanField()
    comment = serializers.CharField()
    agreement = serializers.FloatField(allow_null=True, help_text="With the other judges of this task, 0 to 1.")


class ReviewSerializer(WaitingSerializer):
    messages = MessageSerializer(many=True)
    texts = SampleTextSerializer(many=True)
    judgements = JudgeSerializer(many=True, help_text="In an order that tells nothing; 30 at most.")
    ruling = RuledSerializer(allow_null=True, help_text="Yours, if you gave one.")


@extend_schema(responses={200: page_of(WaitingSerializer), **PROBLEMS})
@api_view(["GET"])
def review_list(request: Request, slug: str) -> Response:
    """Tasks that wait for a ruling, for owners, managers and reviewers: none that you judged yourself."""
    project, pages = project_for(request, slug, REVIEWS), CursorPagination()
    shown = pages.paginate_queryset(reviews.wanted(project, caller(request)), request)
    return pages.get_paginated_response(WaitingSerializer(shown, many=True).data)


@extend_schema(methods=["GET"], operation_id="review_get", responses={200: ReviewSerializer, **PROBLEMS})
@extend_schema(
    methods=["PUT"], operation_id="review_rule", request=RulingSerializer, responses={200: RuledSerializer, **PROBLEMS}
)
@api_view(["GET", "PUT"])
def review(request: Request, slug: str, task_id: int) -> Response:
    """One task with its judgements, without names; or your ruling on it, or your changed word.

    To be had are the tasks that wait and those you ruled on; none that you judged yourself.
    """
    project = project_for(request, slug, REVIEWS)
    task = get_object_or_404(reviews.open_to(project, caller(request)), pk=task_id)
    if request.method == "GET":
        return Response(_described(task, caller(request)))
    sent = RulingSerializer(data=request.data, context={"task": task})
    sent.is_valid(raise_exception=True)
    said = {name: sent.validated_data[name] for name in ("verdict", "note")}
    try:
        ruling = reviews.rule(task=task, reviewer=caller(request), orders=sent.orders(), **said)
    except reviews.NotARuling as reason:
        raise Unprocessable(str(reason)) from reason
    return Response(RuledSerializer(ruling).data)


def _described(task: Task, reviewer: Person) -> dict[str, Any]:
    texts = dict(Sample.objects.filter(pk__in=task.sample_ids).values_list("pk", "text"))
    mine = Review.objects.filter(task=task, reviewer=reviewer).first()
    return {
        **WaitingSerializer(task).data,
        "messages": task.messages,
        "texts": [{"id": pk, "text": texts[pk]} for pk in task.sample_ids if pk in texts],
        "judgements": [_said(said) for said in reviews.said_of(task)],
        "ruling": RuledSerializer(mine).data if mine else None,
    }


def _said(said: reviews.Said) -> dict[str, Any]:
    judgement = said.judgement
    return {
        "rankings": {ranking.criterion: ranking.groups for ranking in judgement.rankings.all()},
        "strength": judgement.strength,
        "all_bad": judgement.all_bad,
        "comment": judgement.comment,
        "agreement": None if said.agreement is None else round(said.agreement, 6),
    }
