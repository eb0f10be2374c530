"""Reports from the page of a task: something here should not be in the data."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from annotation import assignment as leases
from annotation import chatting, reports
from annotation.judging import NoLongerOpen
from annotation.models import Assignment, Report, Turn
from annotation.models.task import TaskKind
from webapp.rendering.plain import neutralise
from webapp.requests import SignedIn
from webapp.workbench.access import own_assignment
from webapp.workbench.order import lettered
from webapp.workbench.telling import Outcome, by_script, refused, told
from webapp.workbench.widgets import Quick

LONGEST_START = 40  # characters of an answer, to know it by


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
        field: Any = self.fields["about"]
        field.choices = self.choices(assignment)

    def choices(self, assignment: Assignment) -> list[tuple[int | str, str]]:
        letters = lettered(assignment.shown).items()
        return [
            ("", _("The prompt")),
            *((sample, _("Answer %(letter)s") % {"letter": name}) for sample, name in letters),
        ]

    def meant(self) -> dict[str, Any]:
        """As `reports.report` wants it."""
        return {"sample_id": self.cleaned_data["about"]}


class ChatReportForm(ReportForm):
    """Of a live chat: the conversation, the answers that lie there to be judged, and those it went on with."""

    def choices(self, assignment: Assignment) -> list[tuple[int | str, str]]:
        said = reversed(chatting.turns(chatting.of(assignment)))
        return [("", _("The conversation")), *(choice for turn in said for choice in _answers(turn))]

    def meant(self) -> dict[str, Any]:
        return {"candidate_id": self.cleaned_data["about"]}


def _answers(turn: Turn) -> list[tuple[int, str]]:
    """Letters only as long as the page shows them."""
    if turn.state == Turn.State.READY:
        return [(pk, _("Answer %(letter)s") % {"letter": letter}) for pk, letter in lettered(turn.shown).items()]
    if turn.winner is None:
        return []
    words = Truncator(neutralise(turn.winner.text)).chars(LONGEST_START)
    return [(turn.winner.pk, _("The answer in turn %(number)d: %(start)s") % {"number": turn.number, "start": words})]


def form_of(assignment: Assignment) -> type[ReportForm]:
    return ChatReportForm if assignment.task.kind == TaskKind.CHAT else ReportForm


@require_POST
@login_required
def report(request: SignedIn, slug: str, uuid: UUID) -> HttpResponse:
    assignment = own_assignment(request, slug, uuid)
    form = form_of(assignment)(request.POST, assignment=assignment)
    if not form.is_valid():
        return refused(request, form) if by_script(request) else _not_told(request, assignment, UNSAID)
    said = form.cleaned_data
    try:
        reports.report(assignment=assignment, reason=said["reason"], note=said["note"], **form.meant())
    except (reports.NotReportable, NoLongerOpen):
        return _not_told(request, assignment, NOTHING)
    if said["skip"]:
        leases.skip(assignment=assignment, reason=f"reported: {said['reason']}")
    return told(request, assignment, Outcome(messages.INFO, _("Reported: a manager looks at it. Thank you.")))


def _not_told(request: SignedIn, assignment: Assignment, why: object) -> HttpResponse:
    return told(request, assignment, Outcome(messages.ERROR, str(why)), status=422)


UNSAID = gettext_lazy("Nothing was reported: choose what is wrong.")
NOTHING = gettext_lazy("Nothing was reported: in this task there is nothing of the kind.")
