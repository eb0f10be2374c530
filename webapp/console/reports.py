"""What annotators reported, and a manager's verdict on it."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from annotation import reports as reporting
from annotation.models import Report, Turn
from webapp.console.access import SignedIn, managed, page
from webapp.console.quality import backlog

PER_PAGE = 20
WITH = ("prompt", "sample", "person", "resolved_by", "candidate__turn", "conversation__assignment__task")
SAID = Prefetch("conversation__turns", Turn.objects.kept().select_related("winner").order_by("number"))


class VerdictForm(forms.Form):
    verdict = forms.ChoiceField(choices=Report.Verdict.choices)
    words = forms.CharField(required=False, max_length=reporting.LONGEST_NOTE)


@login_required
@require_GET
def report_list(request: SignedIn, slug: str) -> HttpResponse:
    """The open ones, oldest first; or those with a verdict, newest first."""
    project = managed(request, slug)
    closed = request.GET.get("state") == "closed"
    found = Report.objects.filter(project=project).select_related(*WITH).prefetch_related(SAID)
    found = found.filter(resolved_at__isnull=False).order_by("-resolved_at") if closed else found.open().order_by("pk")
    shown = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return page(request, "reports", project, pages=shown, closed=closed, backlog=backlog(project))


@login_required
@require_POST
def report_resolve(request: SignedIn, slug: str, report_id: int) -> HttpResponseRedirect:
    project = managed(request, slug)
    report = get_object_or_404(Report.objects.select_related("project"), pk=report_id, project=project)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose what becomes of it."))
    elif reporting.resolve(report=report, by=request.user, **form.cleaned_data):
        messages.success(request, _("Done: the report is closed."))
    else:
        messages.info(request, _("Somebody has closed this report already."))
    return redirect("reports", slug)
