"""The kind of work that a person has chosen in a project: remembered by their browser, like the layout."""

from django.http import HttpResponse
from django.shortcuts import redirect

from annotation.assignment import give_back
from annotation.models import Assignment, Project
from annotation.models.task import TaskKind
from webapp.requests import SignedIn

COOKIE = "kind"


def kind_of(request: SignedIn) -> str:
    """Empty: whatever comes."""
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in TaskKind.values else ""


def kind_name(kind: str) -> str:
    return str(TaskKind(kind).label) if kind else ""


def choose(request: SignedIn, project: Project, kind: str) -> HttpResponse:
    """To work of this kind from now on; whatever comes where it is none.

    What the person holds of kinds that they turn away from, and has not begun with, goes to others.
    """
    answer = redirect("work", project.slug)
    where = f"/p/{project.slug}/"
    held = Assignment.objects.live().filter(person=request.user, project=project, draft__isnull=True)
    left = held.exclude(task__kind=kind) if kind in TaskKind.values else held.filter(task__kind=kind_of(request))
    give_back(person=request.user, project=project, uuids=list(left.values_list("pk", flat=True)))
    if kind in TaskKind.values:
        answer.set_cookie(COOKIE, kind, path=where, samesite="Lax")
    else:
        answer.delete_cookie(COOKIE, path=where)
    return answer
