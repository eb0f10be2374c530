"""The loop of an annotator: take a task, judge it or give it back, get the next one."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from annotation import assignment as leases
from annotation import judging, qualification
from annotation.checking import NotAcceptable
from annotation.models import Assignment, Project
from webapp.requests import SignedIn
from webapp.workbench import kinds, page
from webapp.workbench.access import judged_project, own_assignment
from webapp.workbench.asked_for import uuids
from webapp.workbench.chosen import choose, kind_of
from webapp.workbench.forms import SkipForm, VerdictForm
from webapp.workbench.telling import Outcome, by_script, refused, told

OPEN = (Assignment.State.LEASED, Assignment.State.EXPIRED, Assignment.State.JUDGED)


@require_safe
@login_required
@never_cache
@vary_on_headers("HX-Request")
def work(request: SignedIn, slug: str) -> HttpResponse:
    """The person's next task, or why there is none; not one of those that the browser says it is `holding`."""
    project = judged_project(request, slug)
    if "kind" in request.GET:
        return choose(request, project, request.GET["kind"])
    holding = uuids(request.GET.getlist("holding"))
    try:
        kind = kind_of(request)
        assignment = leases.lease_next(person=request.user, project=project, holding=holding, kind=kind)
    except leases.NothingLeft as nothing:
        if nothing.reason == leases.QUALIFICATION:
            return redirect("qualify", slug)
        return _nothing(request, page.facts(request, project, reason=nothing.reason))
    return _shown(request, assignment, page.unbound(assignment))


@require_safe
@login_required
@never_cache
def task(request: SignedIn, slug: str, uuid: UUID) -> HttpResponse:
    """One's own task: to go on with it, or to look back at it and revise."""
    assignment = own_assignment(request, slug, uuid)
    if assignment.state not in OPEN:
        return _nothing(request, page.facts(request, assignment.project, reason=assignment.state))
    if assignment.state == Assignment.State.JUDGED and qualification.explains(assignment):
        return redirect("explained", slug, uuid)
    if assignment.state != Assignment.State.JUDGED:
        leases.take_up(assignment)  # or not: what is done late counts all the same (ADR 4)
    return _shown(request, assignment, page.unbound(assignment))


@require_POST
@login_required
def submit(request: SignedIn, slug: str, uuid: UUID) -> HttpResponse:
    assignment = own_assignment(request, slug, uuid)
    explains = qualification.explains(assignment)
    if explains and assignment.state == Assignment.State.JUDGED:
        return redirect("explained", slug, uuid)  # by now the right answer is known
    form = kinds.of(assignment).form(request.POST, assignment=assignment)
    if not form.is_valid() or (outcome := _submitted(form)) is None:
        return refused(request, form) if by_script(request) else _shown(request, assignment, form, status=422)
    return redirect("explained", slug, uuid) if explains and outcome.revision else told(request, assignment, outcome)


def _submitted(form: VerdictForm) -> Outcome | None:
    """What was written; None, with the reason in the form, where the verdict does not fit."""
    verdict = form.verdict()
    try:
        judgement = judging.submit(assignment=form.assignment, verdict=verdict)
    except NotAcceptable as error:
        form.add_error(None, str(error))
        return None
    except judging.NoLongerOpen:
        return Outcome(messages.WARNING, _("That task is no longer open."))
    words = _("Saved: %(order)s") if judgement.revision == 1 else _("Changed: %(order)s")
    return Outcome(messages.SUCCESS, words % {"order": form.said(verdict)}, judgement.revision)


@require_POST
@login_required
def skip(request: SignedIn, slug: str, uuid: UUID) -> HttpResponse:
    assignment = own_assignment(request, slug, uuid)
    form = SkipForm(request.POST)
    if not form.is_valid():
        return told(request, assignment, Outcome(messages.ERROR, _("Say why you skip the task: choose a reason.")))
    skipped = leases.skip(assignment=assignment, reason=form.reason_given())
    if not skipped and assignment.state == Assignment.State.JUDGED:
        return told(request, assignment, Outcome(messages.WARNING, _("That task is judged already.")))
    return told(request, assignment, Outcome(messages.INFO, _("Skipped: somebody else gets it.")))


def _shown(request: SignedIn, assignment: Assignment, form: VerdictForm, status: int = 200) -> HttpResponse:
    return _page(request, kinds.of(assignment).part, page.of_task(request, assignment, form), status)


def part(request: SignedIn, project: Project, assignment: Assignment) -> HttpResponse:
    """A task's part of the page alone, without a word to the person: a script puts it in when its time has come."""
    assignment.project = project
    context = page.of_task(request, assignment, page.unbound(assignment))
    template = f"workbench/{kinds.of(assignment).part}_part.html"
    return render(request, template, {**context, "messages": []})


def _nothing(request: SignedIn, context: dict[str, Any]) -> HttpResponse:
    return _page(request, "nothing", context)


def _page(request: SignedIn, part: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The page, or for htmx its task alone, at the address that stands for it."""
    context["part"] = f"workbench/{part}_part.html"
    context["by_address"] = "uuid" in (request.resolver_match.kwargs if request.resolver_match else {})
    if not request.htmx:
        return render(request, "workbench/work.html", context, status=status)
    response = render(request, context["part"], context, status=status)
    if request.method == "GET":
        response["HX-Replace-Url"] = reverse("work", args=[context["project"].slug])
    return response
