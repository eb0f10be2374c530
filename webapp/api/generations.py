"""Ask models for answers."""

from typing import Any

from django.db import IntegrityError, transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.models import Generator, Project
from webapp.api.access import MANAGES, caller, project_for
from webapp.api.errors import Conflict, Unprocessable
from webapp.api.fields import FiniteField, SettingsField
from webapp.api.jobs import JobSerializer, accepted
from webapp.api.schema import PROBLEMS
from workers import best_of_n, generating, jobs


class GeneratorSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200)
    backend = serializers.ChoiceField(choices=["transformers", "openai"], required=False)
    location = serializers.CharField(
        max_length=500, required=False, help_text="A folder, a GGUF file, package:NAME, or a server's base URL."
    )
    model = serializers.CharField(max_length=200, required=False, allow_blank=True)
    parameters = SettingsField(required=False)
    policy_iteration = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)


class GenerationSerializer(serializers.Serializer[Any]):
    generator = GeneratorSerializer(required=False, help_text="A known generator's name is enough.")
    prompt_ids = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False, min_length=1)
    per_prompt = serializers.IntegerField(min_value=1, max_value=64, required=False, help_text="K if not given")
    temperatures = serializers.ListField(
        child=FiniteField(min_value=0, max_value=10), required=False, min_length=1, max_length=64
    )
    max_new_tokens = serializers.IntegerField(min_value=1, max_value=32_768, required=False)
    best_of = serializers.IntegerField(
        min_value=1, max_value=best_of_n.MOST, required=False, help_text="Draw so many for each answer, keep the best."
    )
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("generator"), str):
            data = {**data, "generator": {"name": data["generator"]}}
        return super().to_internal_value(data)


@extend_schema(request=GenerationSerializer, responses={202: JobSerializer, **PROBLEMS})
@api_view(["POST"])
def generations(request: Request, slug: str) -> Response:
    """Start a job that samples answers for the prompts that lack them, or for those that are named."""
    project = project_for(request, slug, MANAGES)
    asked = GenerationSerializer(data=request.data or {})
    asked.is_valid(raise_exception=True)
    wishes = dict(asked.validated_data)
    try:
        with transaction.atomic():  # a job that is refused leaves no new generator behind
            if generator := wishes.pop("generator", None):
                wishes["generator"] = _generator(project, generator)
            return accepted(generating.start(project=project, by=caller(request), **wishes))
    except jobs.Refused as refusal:
        raise Unprocessable(str(refusal)) from refusal
    except IntegrityError as error:
        raise Conflict("Somebody made a generator of this name just now: ask again.") from error


def _generator(project: Project, asked: dict[str, Any]) -> Generator:
    known = Generator.objects.filter(project=project, name=asked["name"]).first()
    if known:
        if any(getattr(known, name) != value for name, value in asked.items()):
            raise ValidationError({"generator": [f"{known.name} is known with other settings: take another name."]})
        return known
    if missing := {"backend", "location"} - asked.keys():
        raise ValidationError({"generator": [f"A new generator needs {' and '.join(sorted(missing))}."]})
    generator = Generator(project=project, **asked)
    generating.check_generator(generator)
    generator.save()
    return generator
