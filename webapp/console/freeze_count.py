"""What the form to freeze would find, before anything is frozen."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotation.models import Person, Project
from exports.plan import Unreadable, check_readable
from exports.preview import preview
from exports.query import read
from webapp.console.access import SignedIn, readable
from webapp.console.snapshot_forms import FreezeForm
from webapp.console.snapshots import snapshots_page


@login_required
@require_POST
def freeze_count(request: SignedIn, slug: str) -> HttpResponse:
    """The counts alone for htmx; without script the whole page with them."""
    project = readable(request, slug)
    form = FreezeForm(request.POST)
    counted = count(form, project, request.user)
    if request.htmx:
        return render(request, "console/_freeze_count.html", counted)
    return snapshots_page(request, project, form, status=200 if form.is_valid() else 422, **counted)


def count(form: FreezeForm, project: Project, by: Person) -> dict[str, Any]:
    """`found`, or the `problem` that stands in the way."""
    if not form.is_valid():
        sentences = [str(sentence) for errors in form.errors.values() for sentence in errors]
        return {"problem": _("Nothing can be counted yet: ") + " ".join(sentences)}
    try:
        query = read(form.query)
        check_readable(query, project, by)
        return {"found": preview(project, query)}
    except Unreadable as error:
        return {"problem": str(error)}
