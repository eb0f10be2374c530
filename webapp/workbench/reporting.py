"""Reports from the page of a task: something here should not be in the data."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from annotation import assignment as leases
from annotation import reports
from annotation.models import Assignment, Report
from webapp.requests import SignedIn
from webapp.workbench.access import own_assignment
from webapp.workbench.order import lettered
from webapp.workbench.telling import Outcome, by_script, refused, told
from webapp.workbench.widgets import Quick


class ReportForm(forms.Form):
    """What is meant (the prompt, or one of the answers shown), why, and whether the task is given back as well."""

    default_renderer = Quick

    about = forms.TypedChoiceField(
        label=gettext_lazy("What is it about?"), required=False, coerce=int, empty_value=None
    )
    reason = forms.ChoiceField(label=gettext_lazy("What is wrong?"), choices=Report.Reason, widget=forms.RadioSelect)
    note = forms.CharField(
        label=gettext_lazy("In a few words"),
        required=False,
        max_length=reports.LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    skip = forms.BooleanField(label=gettext_lazy("Skip this task as well"), required=False)

    def __init__(self, *args: Any, assignment: Assignment, **kwargs: Any):
        super().__init__(*args, **{"auto_id": "report-%s", **kwargs})
        letters = lettered(assignment.shown)
        answers = [(sample_id, _("Answer %(letter)s") % {"letter": letter}) for sample_id, letter in letters.items()]
        field: Any = self.fields["about"]
        field.choices = [("", _("The prompt")), *answers]


@require_POST
@login_required
def report(request: SignedIn, slug: str, uuid: UUID) -> HttpResponse:
    assignment = own_assignment(request, slug, uuid)
    form = ReportForm(request.POST, assignment=assignment)
    if not form.is_valid():
        return (
            refused(request, form)
            if by_script(request)
            else told(request, assignment, Outcome(messages.ERROR, str(UNSAID)))
        )
    said = form.cleaned_data
    reports.report(assignment=assignment, reason=said["reason"], sample_id=said["about"], note=said["note"])
    if said["skip"]:
        leases.skip(assignment=assignment, reason=f"reported: {said['reason']}")
    return told(request, assignment, Outcome(messages.INFO, _("Reported: a manager looks at it. Thank you.")))


UNSAID = gettext_lazy("Nothing was reported: choose what is wrong.")
