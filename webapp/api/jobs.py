"""Background work: read its state, ask it to stop."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from webapp.api.access import MANAGES, READS_DATA, caller, object_for
from webapp.api.schema import PROBLEMS
from workers import jobs
from workers.models import Job


class JobSerializer(serializers.ModelSerializer[Job]):
    project = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]
    progress = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = (
            "id", "kind", "project", "state", "progress", "log", "result", "error",
            "created_at", "started_at", "finished_at", "cancel_requested_at",
        )  # fmt: skip

    def get_progress(self, job: Job) -> dict[str, Any]:
        return {"done": job.done, "total": job.total, "phase": job.phase, "percent": job.percent}


def accepted(job: Job, serializer: type[JobSerializer] = JobSerializer) -> Response:
    """202, with where to look how far it is."""
    return Response(serializer(job).data, status=202, headers={"Location": reverse("api:job", args=[job.pk])})


@extend_schema(responses={200: JobSerializer, **PROBLEMS})
@api_view(["GET"])
def job_detail(request: Request, job_id: UUID) -> Response:
    """State, progress, the log's tail, and what the job made."""
    visible = Job.objects.visible_to(request.user).select_related("project")
    return Response(JobSerializer(object_for(request, visible, READS_DATA, pk=job_id)).data)


@extend_schema(request=None, responses={202: JobSerializer, **PROBLEMS})
@api_view(["POST"])
def job_cancel(request: Request, job_id: UUID) -> Response:
    """Ask the job to stop. One that is over stays as it ended."""
    mine = Job.objects.cancellable_by(request.user).select_related("project")
    job = object_for(request, mine, MANAGES, pk=job_id)
    jobs.cancel(job, by=caller(request))
    job.refresh_from_db()
    return accepted(job)
