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
from annotation.models.task import TaskKind
from annotation.quality.agreement import compare
from webapp.console.access import SignedIn, page, reviewed
from webapp.console.order_forms import RulingForm, entered
from webapp.console.quality import backlog
from webapp.workbench.order import written

PER_PAGE = 30
JUDGES = 30  # side by side at most
MIX = 2654435761  # Knuth's multiplicative hash: an order that tells nothing


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
    task = _task(request, project, task_id)
    mine = Review.objects.filter(task=task, reviewer=request.user).first()
    form = RulingForm(request.POST or None, task=task, initial=_entered(mine, project) if mine else {})
    if form.is_valid() and _ruled(request, form):
        following = reviews.wanted(project, request.user).first()
        return redirect("review", slug, following.pk) if following else redirect("reviews", slug)
    said = judgements(task, form)
    context = {"task": task, "form": form, "answers": form.answers(), "said": said, "mine": mine}
    status = 422 if request.method == "POST" else 200
    return page(request, "review", project, status=status, backlog=backlog(project), **context)


def _task(request: SignedIn, project: Project, task_id: int) -> Task:
    """A task that waits for a ruling, or that this reviewer ruled on; never one that they judged themselves."""
    tasks = Task.objects.filter(project=project, kind=TaskKind.RANK).select_related("project", "prompt")
    mine = Judgement.objects.current().filter(person=request.user, task_id=task_id)
    known = Review.objects.filter(reviewer=request.user).values("task_id")
    open_ = tasks.filter(review_wanted_at__isnull=False) | tasks.filter(pk__in=known)
    return get_object_or_404(open_.exclude(pk__in=mine.values("task_id")), pk=task_id)


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
    """In an order that tells nothing of who judged first or with which number in the project."""
    current = Judgement.objects.current().filter(task=task).prefetch_related("rankings")
    found = sorted(current[:JUDGES], key=lambda judgement: judgement.pk * MIX % 2**32)
    main = form.criteria[0]
    ranks = {
        judgement.pk: dict(zip(r.sample_ids, r.ranks, strict=True))
        for judgement in found
        for r in judgement.rankings.all()
        if r.criterion == main
    }
    shares = compare(ranks).by_person
    return [
        Said(number, _orders(judgement, form), judgement, _percent(shares.get(judgement.pk)))
        for number, judgement in enumerate(found, 1)
    ]


def _orders(judgement: Judgement, form: RulingForm) -> list[tuple[str, str]]:
    return [
        (form.names.get(ranking.criterion, ""), written(ranking.groups, form.letters))
        for ranking in judgement.rankings.all()
        if set(ranking.sample_ids) <= set(form.letters)
    ]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}%"
