"""One task as its managers see and steer it: how soon it is handed out, to how many and whom, or to nobody any more."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import tasks
from annotation.models import Project, Task
from annotation.models.task import PRIORITIES
from webapp.api.access import MANAGES, caller, object_for
from webapp.api.errors import Unprocessable
from webapp.api.schema import PROBLEMS


class ManagedTaskSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    project = serializers.CharField(source="project.slug")
    kind = serializers.CharField()
    purpose = serializers.CharField(source="lane.purpose", help_text="`work`, `gold` or `qualification`.")
    prompt = serializers.IntegerField(source="prompt_id", allow_null=True)
    samples = serializers.ListField(child=serializers.IntegerField(), source="sample_ids")
    language = serializers.CharField(source="lane.language")
    cohort = serializers.CharField(source="lane.cohort", help_text="Only its members get the task; empty: everybody.")
    priority = serializers.IntegerField()
    overlap = serializers.IntegerField(help_text="How many people judge it.")
    taken = serializers.IntegerField(help_text="How many have judged it or are at work on it.")
    judged = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    review_wanted_at = serializers.DateTimeField(allow_null=True)


class SteerSerializer(serializers.Serializer[Any]):
    priority = serializers.IntegerField(min_value=PRIORITIES[0], max_value=PRIORITIES[-1], required=False)
    overlap = serializers.IntegerField(
        min_value=1, max_value=tasks.MOST_JUDGES, required=False, help_text="Never below `taken`."
    )
    cohort = serializers.CharField(max_length=tasks.LONGEST_COHORT, allow_blank=True, required=False)
    withdrawn = serializers.BooleanField(
        required=False, help_text="True: nobody gets it any more, and who is at work on it stops. False: work again."
    )


@extend_schema(methods=["GET"], responses={200: ManagedTaskSerializer, **PROBLEMS})
@extend_schema(methods=["PATCH"], request=SteerSerializer, responses={200: ManagedTaskSerializer, **PROBLEMS})
@api_view(["GET", "PATCH"])
def task(request: Request, pk: int) -> Response:
    """A task; or change its priority, overlap, cohort, or withdraw it. What is not sent stays as it is."""
    managed = Project.objects.with_role(request.user, *MANAGES)
    found = object_for(
        request, Task.objects.select_related("lane", "project").filter(project__in=managed), MANAGES, pk=pk
    )
    if request.method == "PATCH":
        sent = SteerSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        try:
            found = tasks.steer(task=found, by=caller(request), changes=sent.validated_data)
        except tasks.NotPossible as error:
            raise Unprocessable(str(error)) from error
    return Response(ManagedTaskSerializer(found).data)
