"""The workbench's doors: what is not one's own does not exist (404)."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from annotation.models import Assignment, Project
from annotation.models.project import JUDGES
from webapp.requests import SignedIn


def member_project(request: SignedIn, slug: str) -> Project:
    return get_object_or_404(Project.objects.visible_to(request.user), slug=slug)


def judged_project(request: SignedIn, slug: str) -> Project:
    return get_object_or_404(Project.objects.with_role(request.user, *JUDGES), slug=slug)


def own_assignment(request: SignedIn, slug: str, uuid: UUID) -> Assignment:
    mine = Assignment.objects.visible_to(request.user).select_related("project", "task__prompt")
    return get_object_or_404(mine, project__slug=slug, pk=uuid)
