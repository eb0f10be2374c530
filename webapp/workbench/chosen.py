"""The kind of work that a person has chosen in a project: remembered by their browser, like the layout."""

from django.http import HttpResponse
from django.shortcuts import redirect

from annotation.models.task import TaskKind
from webapp.requests import SignedIn

COOKIE = "kind"


def kind_of(request: SignedIn) -> str:
    """Empty: whatever comes."""
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in TaskKind.values else ""


def kind_name(kind: str) -> str:
    return str(TaskKind(kind).label) if kind else ""


def choose(slug: str, kind: str) -> HttpResponse:
    """To work of this kind from now on; whatever comes where it is none."""
    answer = redirect("work", slug)
    where = f"/p/{slug}/"
    if kind in TaskKind.values:
        answer.set_cookie(COOKIE, kind, path=where, samesite="Lax")
    else:
        answer.delete_cookie(COOKIE, path=where)
    return answer
