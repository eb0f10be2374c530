"""Where a person's projects are, what a project is about, and its guideline."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation.assignment import today
from annotation.models import Membership, WorkDay
from annotation.models.project import JUDGES, READS_DATA
from webapp.requests import SignedIn
from webapp.workbench import page
from webapp.workbench.access import judged_project, member_project
from webapp.workbench.progress import Waiting, of_person


@require_safe
@login_required
def home(request: SignedIn) -> HttpResponse:
    memberships = Membership.objects.filter(person=request.user).select_related("project").order_by("project__name")
    done = WorkDay.objects.filter(person=request.user, day=today()).values_list("project_id", "judgements")
    context = {
        "memberships": [(each, _waiting(request, each)) for each in memberships],
        "done_today": dict(done),
        "judges": JUDGES,
        "reads_data": READS_DATA,
    }
    return render(request, "workbench/home.html", context)


def _waiting(request: SignedIn, membership: Membership) -> list[Waiting]:
    found = membership.project
    return of_person(request.user, found) if membership.role in JUDGES and not found.archived_at else []


@require_safe
@login_required
def project(request: SignedIn, slug: str) -> HttpResponse:
    """The project's front page; who only reads its data is better served by the dashboard."""
    found = member_project(request, slug)
    if found.role_of(request.user) not in JUDGES:
        return redirect("dashboard", slug)
    member = found.memberships.get(person=request.user)
    standing = {"qualifies": member.must_qualify(found), "paused": member.paused_at}
    return render(
        request,
        "workbench/project.html",
        page.facts(
            request,
            found,
            waiting=of_person(request.user, found),
            **standing,
            **page.changed_since(found, request.user),
        ),
    )


@require_safe
@login_required
def guideline(request: SignedIn, slug: str) -> HttpResponse:
    found = member_project(request, slug)
    since = page.changed_since(found, request.user)
    return render(request, "workbench/guideline.html", page.facts(request, found, **since))


@require_POST
@login_required
def guideline_read(request: SignedIn, slug: str) -> HttpResponse:
    """Remember that this version was read, and go to work."""
    found = judged_project(request, slug)
    version = request.POST.get("version", "")
    if (newest := found.guideline) and version == str(newest.version):
        Membership.objects.filter(project=found, person=request.user).update(guideline_read=newest.version)
    return redirect("work", slug)
