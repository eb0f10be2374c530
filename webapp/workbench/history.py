"""One's own judgements, newest first: to look back and to revise."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from annotation.models import Assignment, Judgement, Prompt
from annotation.models.task import TaskKind
from webapp.requests import SignedIn
from webapp.workbench import kinds
from webapp.workbench.access import judged_project
from webapp.workbench.progress import of_today

A_PAGE = 25


@dataclass(frozen=True)
class Row:
    judgement: Judgement
    order: str
    why: str
    """Of a prompt that was rejected: what its reviewer said."""


@require_safe
@login_required
def mine(request: SignedIn, slug: str) -> HttpResponse:
    project = judged_project(request, slug)
    own = Judgement.objects.current().filter(project=project, person=request.user, assignment__isnull=False)
    day = _day(request)
    if day:
        own = own.filter(created_at__gte=day, created_at__lt=day + timedelta(days=1))
    if (before := request.GET.get("before", "")).isdecimal():
        own = own.filter(pk__lt=int(before[:18]))
    found = list(
        own.select_related("prompt", "assignment", "task").prefetch_related("rankings").order_by("-id")[: A_PAGE + 1]
    )
    reasons = _reasons(found[:A_PAGE])
    rows = [
        Row(each, kinds.KINDS[each.task.kind].summary(each), reasons.get(each.prompt_id, "")) for each in found[:A_PAGE]
    ]
    older = found[A_PAGE - 1].pk if len(found) > A_PAGE else None
    context = {"project": project, "rows": rows, "older": older, "day": day, "today": of_today(request.user, project)}
    return render(request, "workbench/mine.html", context)


def _reasons(own: list[Judgement]) -> dict[int, str]:
    """Why the person's own prompts were rejected, by prompt; who said so is not told."""
    rejected = [
        each.prompt_id
        for each in own
        if each.task.kind == TaskKind.WRITE_PROMPT and each.prompt.review_state == Prompt.Review.REJECTED
    ]
    if not rejected:
        return {}
    reviews = Judgement.objects.current().filter(prompt__in=rejected, decision=Judgement.Decision.REJECT)
    return dict(reviews.values_list("prompt_id", "comment"))


def _day(request: SignedIn) -> datetime | None:
    """The beginning of the day asked for; None where none is, or no day that there is."""
    try:
        asked = datetime.strptime(request.GET.get("day", ""), "%Y-%m-%d")
        return timezone.make_aware(asked)
    except (ValueError, OverflowError):
        return None


@require_safe
@login_required
def last(request: SignedIn, slug: str) -> HttpResponse:
    """To the task that was judged last."""
    project = judged_project(request, slug)
    judged = Assignment.objects.filter(person=request.user, project=project, state=Assignment.State.JUDGED)
    newest = judged.order_by("-closed_at").first()
    return redirect("task", slug, newest.pk) if newest else redirect("mine", slug)
