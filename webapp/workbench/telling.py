"""What became of something that a person sent: a message on the next page, or JSON for the page's outbox."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.messages.constants import DEFAULT_TAGS
from django.forms import Form
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string

from annotation.models import Assignment
from webapp.requests import SignedIn
from webapp.workbench.progress import of_today

HTML, JSON = "text/html", "application/json"


@dataclass(frozen=True)
class Outcome:
    """A level of Django's messages, the words for the person, and which revision of their judgement it made."""

    level: int
    words: str
    revision: int = 0


def by_script(request: SignedIn) -> bool:
    """Whether the page's outbox asks, which goes on by itself, and not a browser that needs a page."""
    return request.get_preferred_type([HTML, JSON]) == JSON


def told(request: SignedIn, assignment: Assignment, outcome: Outcome, status: int = 200) -> HttpResponse:
    """The outcome is said and the work goes on; `status` is for the outbox alone."""
    if by_script(request):
        return JsonResponse(_facts(request, assignment, outcome), status=status)
    messages.add_message(request, outcome.level, outcome.words)
    return redirect("work", assignment.project.slug)


def _facts(request: SignedIn, assignment: Assignment, outcome: Outcome) -> dict[str, object]:
    today = {"today": of_today(request.user, assignment.project)}
    return {
        "level": DEFAULT_TAGS[outcome.level],
        "words": outcome.words,
        "revision": outcome.revision,
        "today": render_to_string("workbench/today.html", today),
    }


def refused(request: SignedIn, form: Form) -> HttpResponse:
    """Why it was not taken, as one text."""
    words = [str(error) for errors in form.errors.values() for error in errors]
    return JsonResponse({"level": "error", "words": " ".join(words)}, status=422)
