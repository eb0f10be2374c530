"""The task after the one on the page: leased and fetched while the person works, so that a submit shows it at once."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from annotation import assignment as leases
from annotation.models import Project
from webapp.requests import SignedIn
from webapp.workbench import work
from webapp.workbench.access import judged_project
from webapp.workbench.asked_for import uuids
from webapp.workbench.chosen import kind_of


@require_POST
@login_required
@never_cache
def ahead(request: SignedIn, slug: str) -> HttpResponse:
    """The part of the page for the next task.

    `now` is what the page shows: its lease starts anew. `holding` is all that the browser has in its hands, `have`
    what this page has ahead already. 204: it has what there is; 409: somebody else took the shown task meanwhile.
    """
    project = judged_project(request, slug)
    now, holding = uuids(request.POST.getlist("now")), uuids(request.POST.getlist("holding"))
    have = uuids(request.POST.getlist("have"))
    if now and not leases.is_theirs(person=request.user, project=project, uuid=now[0]):
        return HttpResponse(status=409)
    if _qualifies(request, project):
        return HttpResponse(status=204)  # what comes next is the explanation
    try:
        hands = [*now, *holding]
        assignment = leases.lease_ahead(person=request.user, project=project, holding=hands, kind=kind_of(request))
    except leases.NothingLeft:
        return HttpResponse(status=204)
    return HttpResponse(status=204) if assignment.pk in have else work.part(request, project, assignment)


def _qualifies(request: SignedIn, project: Project) -> bool:
    member = project.memberships.filter(person=request.user).first() if project.qualification_tasks else None
    return member is not None and member.must_qualify(project)


@require_POST
@login_required
def leave(request: SignedIn, slug: str) -> HttpResponse:
    """The page was closed: what it had ahead goes to others, unless the page is back in a moment."""
    project = judged_project(request, slug)
    leases.leave(person=request.user, project=project, uuids=uuids(request.POST.getlist("holding")))
    return HttpResponse(status=204)
