"""Reward models: train, read, ask for scores."""

from dataclasses import fields
from typing import Any

from django.db import IntegrityError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.content import messages_of
from webapp.api.access import MANAGES, READS_DATA, caller, object_for, project_for
from webapp.api.errors import Conflict, Unavailable, Unprocessable
from webapp.api.fields import SettingsField
from webapp.api.jobs import JobSerializer, accepted
from webapp.api.paging import CursorPagination
from webapp.api.schema import PROBLEMS, page_of
from workers import jobs, scoring, training
from workers.models import Job, RewardModel
from workers.reward.caution import SENTENCES, Caution
from workers.reward.config import TrainConfig


class CautionSerializer(serializers.Serializer[Caution]):
    """A reason not to rely on figures, and how many more ranked prompts are advisable; null: nobody can say."""

    code = serializers.ChoiceField(choices=list(SENTENCES))
    sentence = serializers.CharField()
    more = serializers.IntegerField(allow_null=True)


class RewardModelSerializer(serializers.ModelSerializer[RewardModel]):
    project = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    cautions = CautionSerializer(many=True, read_only=True)

    class Meta:
        model = RewardModel
        fields = (
            "id", "project", "version", "base", "config", "metrics", "data_hash", "judgements", "job", "created_at",
            "is_adopted", "adopted_at", "adoption", "priorities", "cautions",
        )  # fmt: skip


class TrainingJobSerializer(JobSerializer):
    """A training, with what its data cannot carry."""

    cautions = serializers.SerializerMethodField()

    class Meta(JobSerializer.Meta):
        fields = (*JobSerializer.Meta.fields, "cautions")  # type: ignore[assignment]

    @extend_schema_field(CautionSerializer(many=True))
    def get_cautions(self, job: Job) -> Any:
        found = training.cautions(job.project)
        return CautionSerializer(found, many=True).data  # type: ignore[arg-type]


class TrainingSerializer(serializers.Serializer[Any]):
    config = SettingsField(required=False, help_text=f"Settings of {TrainConfig.__name__}: epochs, base, …")

    def validate_config(self, config: dict[str, Any]) -> dict[str, Any]:
        if unknown := sorted(config.keys() - {setting.name for setting in fields(TrainConfig)}):
            raise ValidationError(f"There are no settings {', '.join(unknown)}.")
        return config


class QuestionSerializer(serializers.Serializer[Any]):
    prompt = serializers.JSONField(help_text="A string, or messages [{role, content}]")
    responses = serializers.ListField(
        child=serializers.CharField(max_length=200_000, allow_blank=True, trim_whitespace=False),
        min_length=1, max_length=64,
    )  # fmt: skip

    def validate_prompt(self, prompt: Any) -> Any:
        try:
            return messages_of(prompt)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class ScoresSerializer(serializers.Serializer[Any]):
    scores = serializers.ListField(child=serializers.FloatField())


@extend_schema(methods=["GET"], responses={200: page_of(RewardModelSerializer), **PROBLEMS})
@extend_schema(methods=["POST"], request=TrainingSerializer, responses={202: TrainingJobSerializer, **PROBLEMS})
@api_view(["GET", "POST"])
def reward_models(request: Request, slug: str) -> Response:
    """The project's versions, or a job that trains the next one on the rankings as they are now."""
    if request.method == "POST":
        return _train(request, slug)
    pages = CursorPagination()
    versions = RewardModel.objects.filter(project=project_for(request, slug, READS_DATA)).select_related("project")
    return pages.get_paginated_response(
        RewardModelSerializer(pages.paginate_queryset(versions, request), many=True).data
    )


def _train(request: Request, slug: str) -> Response:
    project = project_for(request, slug, MANAGES)
    asked = TrainingSerializer(data=request.data or {})
    asked.is_valid(raise_exception=True)
    try:
        job = training.start(project=project, by=caller(request), **asked.validated_data.get("config", {}))
        return accepted(job, TrainingJobSerializer)
    except jobs.Refused as refusal:
        raise Unprocessable(str(refusal)) from refusal
    except IntegrityError as error:
        raise Conflict("A training of this project is under way: wait for it, or cancel it.") from error


@extend_schema(responses={200: RewardModelSerializer, **PROBLEMS})
@api_view(["GET"])
def reward_model(request: Request, pk: int) -> Response:
    """Metrics and lineage of one version."""
    return Response(RewardModelSerializer(_visible(request, pk)).data)


@extend_schema(request=None, responses={200: RewardModelSerializer, **PROBLEMS})
@api_view(["POST"])
def adopt(request: Request, pk: int) -> Response:
    """Let this version's scores count, whatever its figures say: for priorities, exports and best of n."""
    model = object_for(request, RewardModel.objects.managed_by(request.user).select_related("project"), MANAGES, pk=pk)
    return Response(RewardModelSerializer(scoring.adopt(model=model, by=caller(request))).data)


@extend_schema(
    request=QuestionSerializer,
    responses={200: ScoresSerializer, (503, "application/problem+json"): OpenApiTypes.OBJECT, **PROBLEMS},
)
@api_view(["POST"])
def score(request: Request, pk: int) -> Response:
    """Scores of answers to a prompt, in their order. A worker loads the model, so the first call takes seconds."""
    asked = QuestionSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    model, question = _visible(request, pk), asked.validated_data
    try:
        values = scoring.ask(reward_model=model, messages=question["prompt"], responses=question["responses"])
    except scoring.NoAnswer as error:
        raise Unavailable(str(error)) from error
    return Response({"scores": values})


def _visible(request: Request, pk: int) -> RewardModel:
    readable = RewardModel.objects.visible_to(request.user).select_related("project")
    return object_for(request, readable, READS_DATA, pk=pk)
