from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from annotation import assignment as leases
from webapp.requests import SignedIn
from webapp.workbench import kinds
from webapp.workbench.access import own_assignment
from webapp.workbench.forms import LONGEST_COMMENT


@require_POST
@login_required
def draft(request: SignedIn, slug: str, uuid: UUID) -> HttpResponse:
    """Keep the unfinished form: 204, or 409 when the task is judged or given back already."""
    assignment = own_assignment(request, slug, uuid)
    fields = kinds.of(assignment).form(assignment=assignment).fields
    entered: dict[str, object] = {
        name: request.POST[name][: getattr(field, "max_length", None) or LONGEST_COMMENT].replace("\0", "")
        for name, field in fields.items()
        if name in request.POST
    }
    at = request.POST.get("at", "")
    if at.isdecimal():  # when it was entered, by the browser's clock (ms): the newer of two copies wins
        entered["at"] = int(at[:15])
    kept = leases.save_draft(assignment=assignment, draft=entered)
    return HttpResponse(status=204 if kept else 409)
