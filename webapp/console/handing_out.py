"""A snapshot's files handed on: a link that ends, and a push to a hub."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from exports import pushing
from webapp.api import links
from webapp.console.access import SignedIn, managed
from webapp.console.handing_forms import LinkForm, PushForm
from webapp.console.snapshots import shown, visible_or_404
from workers.jobs import Refused


@login_required
@never_cache
@require_POST
def snapshot_link(request: SignedIn, slug: str, snapshot_id: int) -> HttpResponse:
    """The page again, with the link on it: it is shown once, and whoever has it can read the file until it ends."""
    project, made = visible_or_404(request, slug, snapshot_id)
    form = LinkForm(request.POST, snapshot=made)
    if made.withdrawn_at or not form.is_valid():
        return shown(request, project, made, status=422, link_form=form)
    found = form.cleaned_data
    link = links.issue(frozen=made, file=found["file"], maker=request.user, hours=found["hours"])
    address = request.build_absolute_uri(link.path)
    return shown(request, project, made, link=link, link_address=address, link_form=form)


@login_required
@require_POST
def snapshot_push(request: SignedIn, slug: str, snapshot_id: int) -> HttpResponse:
    managed(request, slug)
    project, made = visible_or_404(request, slug, snapshot_id)
    form = PushForm(request.POST)
    if form.is_valid():
        try:
            job = pushing.start(snapshot=made, by=request.user, **form.cleaned_data)
            return redirect("job", slug, job.pk)
        except Refused as refusal:
            form.add_error("repository", str(refusal))
    return shown(request, project, made, status=422, push_form=form)
