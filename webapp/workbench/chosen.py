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

    What the person holds of other kinds and has not begun with goes to others: one may hold only so much.
    """
    answer = redirect("work", project.slug)
    where = f"/p/{project.slug}/"
    if kind in TaskKind.values:
        held = Assignment.objects.live().filter(person=request.user, project=project, draft__isnull=True)
        others = list(held.exclude(task__kind=kind).values_list("pk", flat=True))
        give_back(person=request.user, project=project, uuids=others)
        answer.set_cookie(COOKIE, kind, path=where, samesite="Lax")
    else:
        answer.delete_cookie(COOKIE, path=where)
    return answer
