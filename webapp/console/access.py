"""The console's doors: who is no owner, manager or viewer of a project gets 404, and so does a viewer who would act."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django_htmx.middleware import HtmxDetails

from annotation.models import Person, Project, Role
from annotation.models.project import JUDGES, MANAGES, READS_DATA, REVIEWS


class SignedIn(HttpRequest):
    """A request behind `login_required`."""

    user: Person
    htmx: HtmxDetails


def readable(request: SignedIn, slug: str) -> Project:
    return get_object_or_404(Project.objects.with_role(request.user, *READS_DATA), slug=slug)


def managed(request: SignedIn, slug: str) -> Project:
    return get_object_or_404(Project.objects.with_role(request.user, *MANAGES), slug=slug)


def facts(request: SignedIn, project: Project, **context: Any) -> dict[str, Any]:
    """What every console page needs: the project, and what the person may do in it."""
    role = project.role_of(request.user)
    return {
        "project": project,
        "manages": role in MANAGES,
        "judges": role in JUDGES,
        "owns": role == Role.OWNER,
        **context,
    }


def page(request: SignedIn, template: str, project: Project, *, status: int = 200, **context: Any) -> HttpResponse:
    return render(request, f"console/{template}.html", facts(request, project, **context), status=status)


def reviewed(request: SignedIn, slug: str) -> Project:
    return get_object_or_404(Project.objects.with_role(request.user, *REVIEWS), slug=slug)
