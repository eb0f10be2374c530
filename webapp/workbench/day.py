"""An end for now: what one holds goes back, and the day is shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotation import assignment as leases
from annotation import own
from annotation.models import Assignment, Person, Project, WorkDay
from webapp.requests import SignedIn
from webapp.workbench.access import judged_project
from webapp.workbench.progress import of_today

DAYS = 14
LAST_CLOSED = 20  # assignments among which a task that was begun is looked for


@dataclass(frozen=True)
class Day:
    """One of the last days; `share` is its part of the best of them, 0 to 100."""

    day: date
    judgements: int
    minutes: int
    share: int


@require_POST
@login_required
def pause(request: SignedIn, slug: str) -> HttpResponseRedirect:
    """Give back what one holds: somebody else can go on at once, drafts stay."""
    project = judged_project(request, slug)
    leases.give_back(person=request.user, project=project)
    messages.success(request, _("Paused. Nothing is kept from others, and what you began is kept for you."))
    return redirect("day", slug)


@require_safe
@login_required
def day(request: SignedIn, slug: str) -> HttpResponse:
    project = judged_project(request, slug)
    agreement = own.agreement(request.user, project)
    context = {
        "project": project,
        "today": of_today(request.user, project),
        "pace": own.pace(request.user, project),
        "agreement": None if agreement is None else round(100 * agreement),
        "enough": own.ENOUGH,
        "days": list(_days(request.user, project)),
        "begun": _begun(request.user, project),
    }
    return render(request, "workbench/day.html", context)


def _days(person: Person, project: Project) -> Iterator[Day]:
    """The last days, today first, also those without work."""
    today = leases.today()
    since = today - timedelta(days=DAYS - 1)
    worked = {w.day: w for w in WorkDay.objects.filter(person=person, project=project, day__gte=since)}
    most = max((w.judgements for w in worked.values()), default=0) or 1
    for back in range(DAYS):
        of = worked.get(today - timedelta(days=back), WorkDay(day=today - timedelta(days=back)))
        yield Day(of.day, of.judgements, round(of.seconds / 60), round(100 * of.judgements / most))


def _begun(person: Person, project: Project) -> Assignment | None:
    """The last task that was begun and given back, as long as nobody else has it."""
    closed = Assignment.objects.filter(person=person, project=project, closed_at__isnull=False).select_related("task")
    for each in closed.order_by("-closed_at")[:LAST_CLOSED]:
        if each.state == Assignment.State.EXPIRED and each.draft and each.task.open_slots > 0:
            return each
    return None
