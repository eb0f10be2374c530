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
from annotation import judging
from annotation.models import Assignment
from webapp.requests import SignedIn
from webapp.workbench import kinds, page
from webapp.workbench.access import judged_project, own_assignment
from webapp.workbench.forms import SkipForm, VerdictForm

OPEN = (Assignment.State.LEASED, Assignment.State.EXPIRED, Assignment.State.JUDGED)


@require_safe
@login_required
@never_cache
@vary_on_headers("HX-Request")
def work(request: SignedIn, slug: str) -> HttpResponse:
    """The person's next task, or why there is none."""
    project = judged_project(request, slug)
    try:
        assignment = leases.lease_next(person=request.user, project=project)
    except leases.NothingLeft as nothing:
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
    return _shown(request, leases.renew(assignment), page.unbound(assignment))


@require_POST
@login_required
def submit(request: SignedIn, slug: str, uuid: UUID) -> HttpResponse:
    assignment = own_assignment(request, slug, uuid)
    form = kinds.of(assignment).form(request.POST, assignment=assignment)
    if form.is_valid() and _submitted(request, form):
        return redirect("work", slug)
    return _shown(request, assignment, form, status=422)


def _submitted(request: SignedIn, form: VerdictForm) -> bool:
    verdict = form.verdict()
    try:
        judgement = judging.submit(assignment=form.assignment, verdict=verdict)
    except judging.NotAcceptable as error:
        form.add_error(None, str(error))
        return False
    except judging.NoLongerOpen:
        messages.warning(request, _("That task is no longer open: here is another one."))
        return True
    words = _("Saved: %(order)s") if judgement.revision == 1 else _("Changed: %(order)s")
    messages.success(request, words % {"order": form.said(verdict)})
    return True


@require_POST
@login_required
def skip(request: SignedIn, slug: str, uuid: UUID) -> HttpResponse:
    assignment = own_assignment(request, slug, uuid)
    form = SkipForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why you skip the task: choose a reason."))
    elif leases.skip(assignment=assignment, reason=form.reason_given()):
        messages.info(request, _("Skipped: somebody else gets it."))
    return redirect("work", slug)


def _shown(request: SignedIn, assignment: Assignment, form: VerdictForm, status: int = 200) -> HttpResponse:
    return _page(request, kinds.of(assignment).part, page.of_task(request, assignment, form), status)


def _nothing(request: SignedIn, context: dict[str, Any]) -> HttpResponse:
    return _page(request, "nothing", context)


def _page(request: SignedIn, part: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The page, or for htmx its task alone, at the address that stands for it."""
    context["part"] = f"workbench/{part}_part.html"
    if not request.htmx:
        return render(request, "workbench/work.html", context, status=status)
    response = render(request, context["part"], context, status=status)
    if request.method == "GET":
        response["HX-Replace-Url"] = reverse("work", args=[context["project"].slug])
    return response
