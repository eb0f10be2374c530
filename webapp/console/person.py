"""One person's work in a project, and what a manager may do about it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, Sum
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from annotation import projects, qualification
from annotation.assignment import today
from annotation.models import Assignment, Judgement, Membership, Person, Project, Report, Role, WorkDay
from annotation.quality.measuring import agreement
from webapp.console import charts, figures, shares
from webapp.console.access import SignedIn, managed, page, readable
from webapp.console.people_forms import ReachForm, RoleForm
from webapp.workbench.forms import SKIP_REASONS
from webapp.workbench.order import lettered, written
from workers import measuring

NEWEST = 20  # rows of each table


@login_required
@require_GET
def person(request: SignedIn, slug: str, person_id: int) -> HttpResponse:
    project = readable(request, slug)
    who = _somebody(project, person_id)
    member = project.memberships.filter(person=who).first()
    return page(request, "person", project, who=who, member=member, **_facts(request, project, who, member))


def _somebody(project: Project, person_id: int) -> Person:
    """A member, or somebody whose judgements are in the project."""
    who = get_object_or_404(Person, pk=person_id)
    here = project.memberships.filter(person=who).exists()
    if not here and not Judgement.objects.filter(project=project, person=who).exists():
        raise Http404
    return who


def _facts(request: SignedIn, project: Project, who: Person, member: Membership | None) -> dict[str, Any]:
    days = _days(project, who)
    live = Assignment.objects.live().filter(project=project, person=who)
    return {
        "row": _row(project, who),
        "pace": charts.throughput(days) if any(day.judgements for day in days) else None,
        "totals": _totals(project, who),
        "live": live.count(),
        "judged": _judged(project, who),
        "skipped": _skipped(project, who),
        "reports": Report.objects.filter(project=project, person=who).select_related("prompt").order_by("-pk")[:NEWEST],
        "standing": qualification.standing(project, who) if member and project.qualification_tasks else None,
        "pasted": _pasted(project, who),
        **(_forms(request, project, member) if member else {}),
    }


def _forms(request: SignedIn, project: Project, member: Membership) -> dict[str, Any]:
    mine = project.role_of(request.user) or ""
    return {
        "may_change_role": mine == Role.OWNER or member.role != Role.OWNER,
        "role_form": RoleForm(mine, initial={"role": member.role}),
        "reach_form": ReachForm.of(member),
    }


def _row(project: Project, who: Person) -> shares.Row | None:
    known, _job = measuring.latest(project)
    found = next((row for row in known.figures["people"] if row["person"] == who.pk), None) if known else None
    if known is None or found is None:
        return None
    main = agreement(known.figures)
    return shares.row(found, who, main["pair_agreement"]["value"], known.figures["bias"]["longer_wins"]["value"])


def _days(project: Project, who: Person) -> list[figures.Day]:
    first = today() - timedelta(days=figures.DAYS - 1)
    worked = WorkDay.objects.filter(project=project, person=who, day__gte=first)
    found = dict(worked.values_list("day", "judgements"))
    dates = [first + timedelta(days=n) for n in range(figures.DAYS)]
    return [figures.Day(day, found.get(day, 0), int(day in found)) for day in dates]


def _totals(project: Project, who: Person) -> dict[str, Any]:
    worked = WorkDay.objects.filter(project=project, person=who)
    return worked.aggregate(judgements=Sum("judgements"), skips=Sum("skips"), seconds=Sum("seconds"))


@dataclass(frozen=True)
class Judged:
    """`score`, of gold tasks: percent of the pairs that are right."""

    judgement: Judgement
    order: str
    score: str


def _judged(project: Project, who: Person) -> list[Judged]:
    own = (
        Judgement.objects.current()
        .filter(project=project, person=who)
        .select_related("prompt", "assignment", "task__gold")
    )
    newest = own.prefetch_related("rankings").order_by("-id")[:NEWEST]
    return [Judged(judgement, _order(judgement), _score(judgement, project)) for judgement in newest]


def _order(judgement: Judgement) -> str:
    shown = judgement.assignment.shown if judgement.assignment else judgement.task.sample_ids
    letters = lettered(shown)
    return " · ".join(written(r.groups, letters) for r in judgement.rankings.all() if set(r.sample_ids) <= set(letters))


def _score(judgement: Judgement, project: Project) -> str:
    gold = getattr(judgement.task, "gold", None)
    if gold is None or gold.created_at > judgement.created_at:
        return ""
    return f"{100 * qualification.result_of(judgement, project).score:.0f}%"


def _skipped(project: Project, who: Person) -> list[tuple[Assignment, str]]:
    """The newest, with the reason in words."""
    known = {value: str(words) for value, words in SKIP_REASONS}
    skipped = Assignment.objects.filter(project=project, person=who, state=Assignment.State.SKIPPED)
    newest = skipped.select_related("task__prompt").order_by("-closed_at")[:NEWEST]
    return [(each, known.get(each.skip_reason, each.skip_reason.removeprefix("other: "))) for each in newest]


def _pasted(project: Project, who: Person) -> dict[str, int]:
    """Of what they wrote: how many texts, and how many with a part that came in one piece."""
    written = Judgement.objects.current().filter(project=project, person=who, facts__isnull=False)
    pasted = Q(facts__pasted__gt=0)
    return {"texts": written.count(), "pasted": written.filter(pasted).count()}


def _member(request: SignedIn, slug: str, person_id: int) -> tuple[Project, Membership]:
    project = managed(request, slug)
    return project, get_object_or_404(project.memberships.select_related("person"), person_id=person_id)


@login_required
@require_POST
def member_reach(request: SignedIn, slug: str, person_id: int) -> HttpResponse:
    """Which languages and cohorts somebody works in."""
    project, member = _member(request, slug, person_id)
    form = ReachForm(request.POST)
    if not form.is_valid():
        facts = {**_facts(request, project, member.person, member), "reach_form": form}
        return page(request, "person", project, status=422, who=member.person, member=member, **facts)
    projects.set_reach(project=project, person=member.person, by=request.user, **form.cleaned_data)
    messages.success(request, _("Saved: what this person may get."))
    return redirect("person", slug, person_id)


@login_required
@require_POST
def member_pause(request: SignedIn, slug: str, person_id: int) -> HttpResponseRedirect:
    project, member = _member(request, slug, person_id)
    given_back = projects.pause(project=project, person=member.person, by=request.user)
    messages.success(request, _("Paused: no more tasks until you lift it.") + _given_back(given_back))
    return redirect("person", slug, person_id)


@login_required
@require_POST
def member_resume(request: SignedIn, slug: str, person_id: int) -> HttpResponseRedirect:
    project, member = _member(request, slug, person_id)
    projects.resume(project=project, person=member.person, by=request.user)
    messages.success(request, _("The pause is over: this person gets tasks again."))
    return redirect("person", slug, person_id)


@login_required
@require_POST
def member_take_back(request: SignedIn, slug: str, person_id: int) -> HttpResponseRedirect:
    """What somebody has in work goes to others."""
    project, member = _member(request, slug, person_id)
    taken = projects.take_back(project=project, person=member.person, by=request.user)
    messages.success(request, _given_back(taken).strip() or _("This person has no task in work."))
    return redirect("person", slug, person_id)


def _given_back(tasks: int) -> str:
    words = ngettext("%(n)d task in work goes to somebody else.", "%(n)d tasks in work go to somebody else.", tasks)
    return " " + words % {"n": tasks} if tasks else ""


@login_required
@require_POST
def member_admit(request: SignedIn, slug: str, person_id: int) -> HttpResponseRedirect:
    """Qualified by the manager's word."""
    project, member = _member(request, slug, person_id)
    qualification.admit(project=project, person=member.person, by=request.user)
    messages.success(request, _("Admitted: this person gets real work."))
    return redirect("person", slug, person_id)


@login_required
@require_POST
def member_requalify(request: SignedIn, slug: str, person_id: int) -> HttpResponseRedirect:
    project, member = _member(request, slug, person_id)
    qualification.ask_again(project=project, person=member.person, by=request.user)
    messages.success(request, _("Before more work this person has to qualify again."))
    return redirect("person", slug, person_id)
