"""Who may do what: everything outside of one's roles does not exist (404)."""

from django.shortcuts import get_object_or_404
from rest_framework.request import Request

from annotation.models import Person, Project
from annotation.models.project import JUDGES, MANAGES, READS_DATA, REVIEWS

__all__ = ["JUDGES", "MANAGES", "READS_DATA", "REVIEWS", "caller", "member_project", "project_for"]


def caller(request: Request) -> Person:
    """Whose token it is: no call is answered without one."""
    assert isinstance(request.user, Person)
    return request.user


def project_for(request: Request, slug: str, roles: tuple[str, ...]) -> Project:
    return get_object_or_404(Project.objects.with_role(request.user, *roles), slug=slug)


def member_project(request: Request, slug: str) -> Project:
    return get_object_or_404(Project.objects.visible_to(request.user), slug=slug)
