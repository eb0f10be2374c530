"""Prompts that are nearly the same as one that somebody is about to write."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.nearness import near
from webapp.api.access import JUDGES, project_for
from webapp.api.schema import PROBLEMS
from webapp.api.verdicts import MessageSerializer, PromptTextSerializer


class NearSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="prompt.pk")
    similarity = serializers.FloatField(help_text="From 0.5 to 1, which has the same runs of characters.")
    messages = MessageSerializer(many=True, source="prompt.messages")


@extend_schema(request=PromptTextSerializer, responses={200: NearSerializer(many=True), **PROBLEMS})
@api_view(["POST"])
def near_copies(request: Request, slug: str) -> Response:
    """The project's prompts that are much like this one, nearest first, at most three."""
    project = project_for(request, slug, JUDGES)
    sent = PromptTextSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    return Response(NearSerializer(near(project=project, messages=sent.conversation()), many=True).data)
