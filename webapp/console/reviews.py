"""Adjudication in the console: reviewers meet judgements without names, and rule."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from annotation import questions, reviews
from annotation.models import Judgement, Project, Review, Task
from webapp.console.access import SignedIn, page, reviewed
from webapp.console.order_forms import RulingForm, entered
from webapp.console.quality import backlog
from webapp.workbench.order import written

PER_PAGE = 30


@login_required
@require_GET
def review_list(request: SignedIn, slug: str) -> HttpResponse:
    project = reviewed(request, slug)
    waiting = Paginator(reviews.wanted(project, request.user).select_related("prompt"), PER_PAGE)
    ruled = Review.objects.filter(task__project=project, reviewer=request.user).select_related("task__prompt")
    context: dict[str, Any] = {
        "waiting": waiting.get_page(request.GET.get("page")),
        "ruled": ruled.order_by("-pk")[:PER_PAGE],
    }
    return page(request, "reviews", project, backlog=backlog(project), **context)


@login_required
@require_http_methods(["GET", "POST"])
def review(request: SignedIn, slug: str, task_id: int) -> HttpResponse:
    """One task with its judgements side by side, without names; POST is the ruling."""
    project = reviewed(request, slug)
    task = get_object_or_404(reviews.open_to(project, request.user), pk=task_id)
    mine = Review.objects.filter(task=task, reviewer=request.user).first()
    form = RulingForm(request.POST or None, task=task, initial=_entered(mine, project) if mine else {})
    if form.is_valid() and _ruled(request, form):
        following = reviews.wanted(project, request.user).first()
        return redirect("review", slug, following.pk) if following else redirect("reviews", slug)
    said = judgements(task, form)
    context = {"task": task, "form": form, "answers": form.answers(), "said": said, "mine": mine}
    status = 422 if request.method == "POST" else 200
    return page(request, "review", project, status=status, backlog=backlog(project), **context)


def _ruled(request: SignedIn, form: RulingForm) -> bool:
    try:
        reviews.rule(task=form.task, reviewer=request.user, **form.ruling())
    except reviews.NotARuling as reason:
        form.add_error(None, str(reason))
        return False
    messages.success(request, _("Your ruling is kept."))
    return True


def _entered(mine: Review, project: Project) -> dict[str, str]:
    values = {"verdict": str(mine.verdict), "note": mine.note}
    for place, criterion in enumerate(questions.of(project).orders):
        values |= entered(mine.orders.get(criterion, []), place)
    return values


@dataclass(frozen=True)
class Said:
    """What one judge said, without their name: (criterion, order) of each ranking, in the letters of the page."""

    number: int
    orders: list[tuple[str, str]]
    judgement: Judgement
    agreement: str


def judgements(task: Task, form: RulingForm) -> list[Said]:
    found = enumerate(reviews.said_of(task), 1)
    return [Said(n, _orders(said.judgement, form), said.judgement, _percent(said.agreement)) for n, said in found]


def _orders(judgement: Judgement, form: RulingForm) -> list[tuple[str, str]]:
    return [
        (form.names.get(ranking.criterion, ""), written(ranking.groups, form.letters))
        for ranking in judgement.rankings.all()
        if set(ranking.sample_ids) <= set(form.letters)
    ]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}%"
