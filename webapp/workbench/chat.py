"""A live chat on the workbench: send, hear, choose, ask again, take back. Ending and skipping are as for all tasks.

A script gets the part of the page anew; without one, each act leads back to the page of the task.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotation import assignment as leases
from annotation import chatting, choosing, judging
from annotation.chatting import NotNow
from annotation.checking import NotAcceptable
from annotation.models import Assignment, Turn
from webapp.rendering.plain import neutralise
from webapp.requests import SignedIn
from webapp.workbench import chat_page, page
from webapp.workbench.access import own_assignment
from webapp.workbench.chat_forms import MessageForm, TurnForm
from workers import chatting as sending
from workers import jobs, live

PART = "workbench/chat_part.html"


def _chat(request: SignedIn, slug: str, uuid: UUID) -> Assignment:
    return own_assignment(request, slug, uuid)


def _turn(assignment: Assignment, number: int) -> Turn:
    kept = Turn.objects.kept().select_related("conversation__assignment", "conversation__project")
    return get_object_or_404(kept, conversation__assignment=assignment, number=number)


@require_POST
@login_required
def send(request: SignedIn, slug: str, uuid: UUID) -> HttpResponse:
    assignment = _chat(request, slug, uuid)
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _shown(request, assignment, status=422, message_form=form)
    problem = _tried(lambda: sending.send(assignment=assignment, **form.cleaned_data))
    if problem is None:
        return _back(request, assignment)
    form.add_error(None, problem)
    return _shown(request, assignment, status=422, message_form=form)


@require_POST
@login_required
def choose(request: SignedIn, slug: str, uuid: UUID, number: int) -> HttpResponse:
    """Judge the turn's answers and go on with the best."""
    assignment = _chat(request, slug, uuid)
    turn = _turn(assignment, number)
    form = TurnForm(request.POST, turn=turn, assignment=assignment)
    if not form.is_valid():
        return _refused(request, assignment, form)
    try:
        wish = form.cleaned_data.get("go_on_with")
        problem = _tried(lambda: choosing.judge(turn=turn, verdict=form.verdict(), go_on_with=wish))
    except NotAcceptable as error:
        problem = str(error)
    if problem is None:
        return _back(request, assignment)
    form.add_error(None, problem)
    return _refused(request, assignment, form)


def _refused(request: SignedIn, assignment: Assignment, form: TurnForm) -> HttpResponse:
    if form.turn.state != Turn.State.READY:
        messages.warning(request, chat_page.words(NotNow("judged", "")))
        return _back(request, assignment)
    texts = dict(form.turn.candidates.values_list("pk", "text"))
    return _shown(request, assignment, status=422, **chat_page.of_answers(form, texts))


@require_POST
@login_required
def go_on(request: SignedIn, slug: str, uuid: UUID, number: int) -> HttpResponse:
    """Go on with the only answer."""
    assignment = _chat(request, slug, uuid)
    turn = _turn(assignment, number)
    return _acted(request, assignment, lambda: choosing.go_on(turn=turn))


@require_POST
@login_required
def again(request: SignedIn, slug: str, uuid: UUID, number: int) -> HttpResponse:
    """Ask for the answers that did not come."""
    assignment = _chat(request, slug, uuid)
    turn = _turn(assignment, number)
    return _acted(request, assignment, lambda: sending.ask_again(turn))


@require_POST
@login_required
def take_back(request: SignedIn, slug: str, uuid: UUID, number: int) -> HttpResponse:
    """The message was never sent; it stands in the field again, to be changed."""
    assignment = _chat(request, slug, uuid)
    turn = _turn(assignment, number)
    return _acted(request, assignment, lambda: chatting.take_back(turn=turn))


@require_POST
@login_required
def draft(request: SignedIn, slug: str, uuid: UUID) -> HttpResponse:
    """Keep what is being written and marked: 204, or 409 when the conversation is over."""
    assignment = _chat(request, slug, uuid)
    entered: dict[str, object] = {
        name: str(request.POST[name])[: chatting.LONGEST_MESSAGE].replace("\0", "")
        for name in _known(assignment)
        if name in request.POST
    }
    return HttpResponse(status=204 if leases.save_draft(assignment=assignment, draft=entered) else 409)


def _known(assignment: Assignment) -> set[str]:
    """The fields that the page of this conversation may have now."""
    turn = Turn.objects.open().filter(conversation__assignment=assignment, state=Turn.State.READY).first()
    of_turn = TurnForm(turn=turn, assignment=assignment).fields if turn else {}
    return {"text", "remark", *of_turn} - {"best"}


@require_safe
@login_required
@never_cache
def hear(request: SignedIn, slug: str, uuid: UUID, number: int) -> HttpResponse:
    """What the answers have said beyond what the page has (`have`, by candidate); 204 where that is nothing.

    `{state, take, texts: {candidate: piece}, begin: bool}`; with another `take` than the page's they begin anew.
    """
    turn = _turn(own_assignment(request, slug, uuid), number)
    if not turn.is_unanswered:
        return JsonResponse({"state": turn.state})
    heard = live.heard(turn.pk)
    known = request.GET.get("take", "") == heard.take
    have = _lengths(request.GET.getlist("have")) if known else {}
    pieces = {c: neutralise(text[have.get(c, 0) :]) for c, text in heard.texts.items() if len(text) > have.get(c, 0)}
    if known and not pieces:
        return HttpResponse(status=204)
    lengths = {candidate: len(text) for candidate, text in heard.texts.items()}
    return JsonResponse({"state": turn.state, "take": heard.take, "begin": not known, "texts": pieces, "have": lengths})


def _lengths(have: list[str]) -> dict[int, int]:
    """`["12:340"]`: of candidate 12 the page has 340 characters. What is no such pair is passed over."""
    pairs = (pair.partition(":") for pair in have[:16])
    return {int(c): int(n) for c, _, n in pairs if c.isdecimal() and n.isdecimal() and len(c + n) < 30}


def _acted(request: SignedIn, assignment: Assignment, act: Callable[[], object]) -> HttpResponse:
    if problem := _tried(act):
        messages.warning(request, problem)
    return _back(request, assignment)


def _tried(act: Callable[[], object]) -> str | None:
    """Act; answers why not, in words for the person."""
    try:
        act()
    except NotNow as refusal:
        return chat_page.words(refusal)
    except jobs.Refused:
        return _("No model can answer in this project now: whoever manages it must set one up first.")
    except judging.NoLongerOpen:
        return _("That task is no longer open.")
    return None


def _back(request: SignedIn, assignment: Assignment) -> HttpResponse:
    if not request.htmx:
        return redirect("task", assignment.project.slug, assignment.pk)
    return _shown(request, assignment)


def _shown(request: SignedIn, assignment: Assignment, status: int = 200, **more: Any) -> HttpResponse:
    """The page, or for a script its part, as the conversation is now; `more` is what the person has just entered."""
    assignment.refresh_from_db(fields=["state", "draft", "expires_at"])
    if assignment.state not in (Assignment.State.LEASED, Assignment.State.EXPIRED, Assignment.State.JUDGED):
        facts = page.facts(request, assignment.project, reason=assignment.state)
        return _rendered(request, "workbench/nothing_part.html", facts, status)
    context = page.of_task(request, assignment, page.unbound(assignment))
    if context["turn"] is None or "turn_form" in more:
        context |= more
    elif form := more.get("message_form"):
        context |= {"problems": form.non_field_errors(), "unsent": form["text"].value()}
    return _rendered(request, PART, context, status)


def _rendered(request: SignedIn, part: str, context: dict[str, Any], status: int) -> HttpResponse:
    if request.htmx:
        return render(request, part, context, status=status)
    return render(request, "workbench/work.html", {**context, "part": part}, status=status)
