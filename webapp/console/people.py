from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from annotation import cohorts, projects
from annotation.models import AuditEvent, Invitation, Membership, Project, Role
from annotation.models.audit import record
from webapp.console import listing
from webapp.console.access import SignedIn, managed, page
from webapp.console.people_forms import InvitationForm, RoleForm
from webapp.console.trust_forms import CohortForm

EVENTS = 20
MEMBERS = 50  # a page
LONGEST_SEARCH = 100


@login_required
@require_GET
def people(request: SignedIn, slug: str) -> HttpResponse:
    project = managed(request, slug)
    return _page(request, project, InvitationForm())


def _page(
    request: SignedIn,
    project: Project,
    form: InvitationForm,
    *,
    status: int = 200,
    link: str = "",
    cohort_form: CohortForm | None = None,
) -> HttpResponse:
    mine = project.memberships.get(person=request.user)
    wanted = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    members = Paginator(_members(project, wanted), MEMBERS).get_page(request.GET.get("page"))
    now = timezone.now()
    return page(
        request,
        "people",
        project,
        status=status,
        form=form,
        link=link,
        cohorts=cohorts.of(project),
        cohort_form=cohort_form or CohortForm(*listing.choices(project)),
        rows=[(member, RoleForm(mine.role, initial={"role": member.role})) for member in members],
        pages=members,
        wanted=wanted,
        searched=bool(wanted) or members.has_other_pages(),
        owner=mine.role == Role.OWNER,
        invitations=project.invitations.filter(revoked_at=None, expires_at__gt=now).order_by("-created_at"),
        events=AuditEvent.objects.filter(project=project).select_related("actor").order_by("-id")[:EVENTS],
    )


def _members(project: Project, wanted: str) -> QuerySet[Membership]:
    """Who joined first, first; with `wanted` those who have it in a name or are of that cohort."""
    named = Q(person__username__icontains=wanted) | Q(person__display_name__icontains=wanted)
    found = project.memberships.select_related("person").order_by("joined_at", "pk")
    return found.filter(named | Q(cohorts__contains=[wanted])) if wanted else found


@login_required
@require_POST
def cohort_keep(request: SignedIn, slug: str) -> HttpResponse:
    """Keep open tasks for a cohort, or give them back to everybody."""
    project = managed(request, slug)
    form = CohortForm(*listing.choices(project), request.POST)
    if not form.is_valid():
        return _page(request, project, InvitationForm(), status=422, cohort_form=form)
    moved = cohorts.keep_tasks(project=project, by=request.user, **form.cleaned_data)
    words = ngettext("%(n)d open task was moved.", "%(n)d open tasks were moved.", moved)
    messages.success(request, words % {"n": moved})
    return redirect("people", slug)


@login_required
@require_POST
def invite(request: SignedIn, slug: str) -> HttpResponse:
    """Make an invitation; its link is in this answer and nowhere else."""
    project = managed(request, slug)
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, project, form, status=422)
    _invitation, token = projects.invite(project=project, by=request.user, **form.cleaned_data)
    link = request.build_absolute_uri(reverse("join", args=[token]))
    return _page(request, project, InvitationForm(), link=link)


@login_required
@require_POST
def invitation_revoke(request: SignedIn, slug: str, invitation_id: int) -> HttpResponseRedirect:
    project = managed(request, slug)
    invitation = get_object_or_404(Invitation, pk=invitation_id, project=project)
    if Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=timezone.now()):
        record("invitation.revoke", actor=request.user, project=project, role=invitation.role)
    messages.success(request, _("The invitation no longer works."))
    return redirect("people", slug)


@login_required
@require_POST
def member_role(request: SignedIn, slug: str, member_id: int) -> HttpResponseRedirect:
    project = managed(request, slug)
    member = _member(request, project, member_id)
    form = RoleForm(_role(request, project), request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of the roles."))
        return redirect("people", slug)
    try:
        projects.set_role(project=project, person=member.person, role=form.cleaned_data["role"], by=request.user)
        messages.success(request, _("The role was changed."))
    except projects.NotPossible as reason:
        messages.error(request, str(reason))
    return redirect("person", slug, member.person_id) if "next" in request.POST else redirect("people", slug)


@login_required
@require_POST
def member_remove(request: SignedIn, slug: str, member_id: int) -> HttpResponseRedirect:
    project = managed(request, slug)
    member = _member(request, project, member_id)
    try:
        projects.remove_member(project=project, person=member.person, by=request.user)
        messages.success(request, _("The person was taken out. Their judgements stay."))
    except projects.NotPossible as reason:
        messages.error(request, str(reason))
    if member.person_id == request.user.pk:
        return redirect("home")
    return redirect("people", slug)


def _role(request: SignedIn, project: Project) -> str:
    return project.role_of(request.user) or ""


def _member(request: SignedIn, project: Project, member_id: int) -> Membership:
    """A member whom this person may change: only an owner touches an owner."""
    members = project.memberships.select_related("person")
    if _role(request, project) != Role.OWNER:
        members = members.exclude(role=Role.OWNER)
    return get_object_or_404(members, pk=member_id)
