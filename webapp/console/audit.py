"""Who did what: the audit log, for managers. Rows are added and never changed; this page only reads."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from annotation.models import AuditEvent, Project
from webapp.console.access import SignedIn, managed, page
from webapp.console.deeds import deed

PER_PAGE = 100


@dataclass(frozen=True)
class Shown:
    events: list[AuditEvent]
    next_before: int | None


@login_required
@require_GET
def audit(request: SignedIn, slug: str) -> HttpResponse:
    project = managed(request, slug)
    action = request.GET.get("action", "")
    shown = _events(project, action, request.GET.get("before", ""))
    known = AuditEvent.objects.filter(project=project).order_by().values_list("action", flat=True).distinct()
    return page(request, "audit", project, shown=shown, action=action, actions=sorted(known, key=deed))


def _events(project: Project, action: str, before: str) -> Shown:
    """One page, newest first, from below the id `before` on: each page costs the same."""
    found = AuditEvent.objects.filter(project=project).select_related("actor").order_by("-id")
    if action.replace("\0", ""):
        found = found.filter(action=action.replace("\0", ""))
    if before.isascii() and before.isdigit() and len(before) < 19:
        found = found.filter(pk__lt=int(before))
    rows = list(found[: PER_PAGE + 1])
    return Shown(rows[:PER_PAGE], rows[PER_PAGE - 1].pk if len(rows) > PER_PAGE else None)
