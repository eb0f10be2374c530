"""Conversations as managers see them, with the models behind the answers; and asking people to have some."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from annotation.briefs import Brief, make_chat_tasks
from annotation.models import Conversation, Project, Turn
from webapp.console.access import SignedIn, managed, page, readable
from webapp.console.chat_forms import ChatsAskForm

PER_PAGE = 50
NEWEST = 2**63 - 1


@login_required
@require_GET
def chat_list(request: SignedIn, slug: str) -> HttpResponse:
    project = readable(request, slug)
    return _page(request, project, ChatsAskForm(project, auto_id="chats-%s"))


def _page(request: SignedIn, project: Project, form: ChatsAskForm, status: int = 200) -> HttpResponse:
    before = request.GET.get("before", "")
    below = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else NEWEST
    found = Conversation.objects.filter(project=project, pk__lt=below).select_related("assignment__person")
    done = Count("turns", filter=Q(turns__state=Turn.State.DONE))
    shown = list(found.annotate(done=done).select_related("assignment__task").order_by("-pk")[: PER_PAGE + 1])
    older = shown[PER_PAGE - 1].pk if len(shown) > PER_PAGE else None
    context: dict[str, Any] = {"conversations": shown[:PER_PAGE], "older": older, "form": form}
    return page(request, "chats", project, status=status, **context)


@login_required
@require_GET
def chat(request: SignedIn, slug: str, chat_id: int) -> HttpResponse:
    """One conversation: each turn with its answers, who wrote them and which was chosen."""
    project = readable(request, slug)
    found = Conversation.objects.filter(project=project).select_related("assignment__person", "assignment__task")
    conversation = get_object_or_404(found, pk=chat_id)
    turns = conversation.turns.kept().select_related("judgement").prefetch_related("candidates__generator")
    brief = Brief.of(conversation.assignment.task)
    return page(request, "chat", project, conversation=conversation, brief=brief, turns=turns.order_by("number"))


@login_required
@require_POST
def chats_ask(request: SignedIn, slug: str) -> HttpResponse:
    project = managed(request, slug)
    form = ChatsAskForm(project, request.POST, auto_id="chats-%s")
    if not form.is_valid():
        return _page(request, project, form, status=422)
    said = form.cleaned_data
    where = {"number": said["number"], "language": said["language"], "terms": form.terms}
    made = len(make_chat_tasks(project=project, by=request.user, brief=form.brief, **where))
    messages.success(request, ngettext("%(n)d task was made.", "%(n)d tasks were made.", made) % {"n": made})
    return redirect("chats", slug)
