"""Who may do what. What is outside of one's projects does not exist (404); a member is told what a call takes (403).

Other people's assignments do not exist for a member either, and what a link is for only through the link.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import APIException, NotFound, PermissionDenied
from rest_framework.request import Request

from annotation.models import Person, Project
from annotation.models.project import JUDGES, MANAGES, READS_DATA, REVIEWS

__all__ = [
    "JUDGES",
    "MANAGES",
    "READS_DATA",
    "REVIEWS",
    "caller",
    "member_project",
    "object_for",
    "project_for",
    "refusal",
]

M = TypeVar("M", bound=Model)


def caller(request: Request) -> Person:
    """Whose token it is: no call is answered without one."""
    assert isinstance(request.user, Person)
    return request.user


def project_for(request: Request, slug: str, roles: Sequence[str]) -> Project:
    """The project, where the caller holds one of `roles`. Raises `PermissionDenied` for its other members."""
    try:
        return Project.objects.with_role(request.user, *roles).get(slug=slug)
    except Project.DoesNotExist:
        raise refusal(request, slug, roles) from None


def member_project(request: Request, slug: str) -> Project:
    return get_object_or_404(Project.objects.visible_to(request.user), slug=slug)


def object_for(request: Request, allowed: QuerySet[M], roles: Sequence[str], **which: Any) -> M:
    """The one of `allowed`, which are those of projects where the caller holds one of `roles`. Raises
    `PermissionDenied` for other members of its project."""
    try:
        return get_object_or_404(allowed, **which)
    except Http404:
        mine = Project.objects.visible_to(request.user)
        found = get_object_or_404(allowed.model._default_manager.filter(project__in=mine), **which)
        project: Project = found.project  # type: ignore[attr-defined]
        role = project.role_of(caller(request))
        if role in roles:  # of a snapshot that mixes several projects
            raise PermissionDenied("This takes the right to read the data of all its projects.") from None
        raise _denied(role, project, roles) from None


def refusal(request: Request, slug: str, roles: Sequence[str]) -> APIException:
    """Why the caller was not found to hold one of `roles` in the project. Raises `Http404` for who is no member."""
    project = member_project(request, slug)
    role = project.role_of(caller(request))
    return NotFound() if role in roles else _denied(role, project, roles)  # they were let in a moment later


def _denied(role: str | None, project: Project, roles: Sequence[str]) -> PermissionDenied:
    return PermissionDenied(f"You are {role} in {project.slug}: this takes {' or '.join(roles)}.")
