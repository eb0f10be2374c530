"""Work that a manager asks for besides rankings, which come by themselves: prompts, demonstrations, ratings."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import wishes
from annotation.models import Person, Project, Prompt
from annotation.models.task import DEFAULT_PRIORITY, PRIORITIES, TaskKind
from annotation.writing import LONGEST_CATEGORY
from webapp.api.access import MANAGES, caller, project_for
from webapp.api.errors import Unprocessable
from webapp.api.schema import PROBLEMS

KINDS = (TaskKind.WRITE_PROMPT, TaskKind.DEMONSTRATE, TaskKind.RATE)


class WishSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[kind.value for kind in KINDS])
    number = serializers.IntegerField(
        min_value=1, max_value=wishes.MOST_AT_ONCE, required=False,
        help_text="How many prompts to write; or for how many prompts at most, the oldest first.",
    )  # fmt: skip
    prompt_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        max_length=wishes.MOST_AT_ONCE,
        required=False,
        help_text="To demonstrate or to rate: these prompts. Without: all of which nobody was asked for it yet.",
    )
    language = serializers.CharField(max_length=16, allow_blank=True, required=False)
    category = serializers.CharField(max_length=LONGEST_CATEGORY, allow_blank=True, required=False)
    instruction = serializers.CharField(
        max_length=wishes.LONGEST_INSTRUCTION,
        allow_blank=True,
        required=False,
        help_text="For those who write prompts.",
    )
    overlap = serializers.IntegerField(min_value=1, max_value=100, required=False)
    priority = serializers.IntegerField(min_value=PRIORITIES[0], max_value=PRIORITIES[-1], required=False)
    cohort = serializers.CharField(max_length=60, allow_blank=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["kind"] == TaskKind.WRITE_PROMPT and "number" not in attrs:
            raise serializers.ValidationError({"number": ["Say how many prompts are to be written."]})
        return attrs

    @property
    def terms(self) -> wishes.Terms:
        said = self.validated_data
        return wishes.Terms(said.get("overlap"), said.get("priority", DEFAULT_PRIORITY), said.get("cohort", ""))


class MadeSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField()


@extend_schema(request=WishSerializer, responses={201: MadeSerializer, **PROBLEMS})
@api_view(["POST"])
def tasks(request: Request, slug: str) -> Response:
    """Ask people for new prompts, for demonstrations of prompts, or for ratings of their answers."""
    project = project_for(request, slug, MANAGES)
    sent = WishSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    try:
        created = _ask(project, caller(request), sent)
    except wishes.NotPossible as error:
        raise Unprocessable(str(error)) from error
    return Response({"created": created}, status=201)


def _ask(project: Project, by: Person, sent: WishSerializer) -> int:
    said = sent.validated_data
    if said["kind"] == TaskKind.WRITE_PROMPT:
        wished = {name: said.get(name, "") for name in ("language", "category", "instruction")}
        return wishes.ask_for_prompts(project=project, by=by, number=said["number"], terms=sent.terms, **wished)
    ask = wishes.ask_for_demonstrations if said["kind"] == TaskKind.DEMONSTRATE else wishes.ask_for_ratings
    return ask(project=project, by=by, prompt_ids=_prompts(project, said), terms=sent.terms)


def _prompts(project: Project, said: dict[str, Any]) -> list[int]:
    found = wishes.lacking(project, said["kind"])
    if "prompt_ids" in said:
        found = Prompt.objects.filter(project=project, pk__in=said["prompt_ids"]).order_by("pk")
        _check_all_there(found, said["prompt_ids"])
    labels = {name: said[name] for name in ("language", "category") if said.get(name)}
    number = said.get("number", wishes.MOST_AT_ONCE)
    return list(found.filter(**labels).values_list("pk", flat=True)[:number])


def _check_all_there(found: Any, asked: list[int]) -> None:
    if strangers := sorted(set(asked) - set(found.values_list("pk", flat=True))):
        raise ValidationError({"prompt_ids": [f"There are no such prompts in this project: {strangers[:10]}."]})
