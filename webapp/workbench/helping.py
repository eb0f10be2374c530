"""What helps a person who writes: near-copies while they type, and the best answer to start from."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from annotation import assignment as leases
from annotation.models.task import TaskKind
from webapp.requests import SignedIn
from webapp.starting import offered
from webapp.workbench.access import own_assignment
from webapp.workbench.writing import PromptForm

A_MINUTE_S = 60
SEARCHES = 60  # a minute and person: more than anybody types


@require_POST
@login_required
def near(request: SignedIn, slug: str, uuid: UUID) -> HttpResponse:
    """The near-copies of the prompt as it stands in the form; 429 to whoever asks faster than one types."""
    assignment = own_assignment(request, slug, uuid)
    if assignment.task.kind != TaskKind.WRITE_PROMPT:
        raise Http404
    if not _allowed(f"near-copies:{request.user.pk}"):
        return HttpResponse(status=429, headers={"Retry-After": str(A_MINUTE_S)})
    form = PromptForm(request.POST, assignment=assignment)
    form.is_valid()
    return render(request, "workbench/near_part.html", {"near": form.near})


def _allowed(key: str) -> bool:
    cache.add(key, 0, A_MINUTE_S)
    try:
        return cache.incr(key) <= SEARCHES
    except ValueError:  # it ran out in between: a new minute
        return True


@require_POST
@login_required
def start(request: SignedIn, slug: str, uuid: UUID) -> HttpResponse:
    """Without script: the best answer into the draft, in the place of what is there."""
    assignment = own_assignment(request, slug, uuid)
    best = offered(assignment)
    if best is None:
        raise Http404
    entered = {"text": best.text, "started_from": best.pk, "comment": request.POST.get("comment", "")[:10_000]}
    leases.save_draft(assignment=assignment, draft=entered)
    return redirect("task", slug, uuid)
