"""The workbench's doors: what is not one's own does not exist (404)."""

from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404

from annotation import lookups
from annotation.models import Assignment, Project
from webapp.requests import SignedIn


def member_project(request: SignedIn, slug: str) -> Project:
    return get_object_or_404(Project.objects.visible_to(request.user), slug=slug)


def judged_project(request: SignedIn, slug: str) -> Project:
    try:
        return lookups.where_one_judges(person=request.user, slug=slug)
    except Project.DoesNotExist as error:
        raise Http404 from error


def own_assignment(request: SignedIn, slug: str, uuid: UUID) -> Assignment:
    try:
        assignment = lookups.own_assignment(person=request.user, uuid=uuid)
    except Assignment.DoesNotExist as error:
        raise Http404 from error
    if assignment.project.slug != slug:
        raise Http404
    return assignment
