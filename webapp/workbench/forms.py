"""What the forms of all kinds of task share: a draft's fields, the time spent, and skipping."""

from typing import Any, Self

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy

from annotation.judging import Said
from annotation.models import Assignment, Judgement
from webapp.workbench.widgets import Quick

LONGEST_COMMENT = 10_000
SKIP_REASONS = [
    ("unsure", gettext_lazy("I do not know enough about this")),
    ("language", gettext_lazy("I cannot read this language")),
    ("disturbing", gettext_lazy("I would rather not read this")),
    ("broken", gettext_lazy("Something is broken here")),
]


class VerdictForm(forms.Form):
    """The verdict on one assignment; each kind of task has a form of its own (kinds.py)."""

    default_renderer = Quick

    seconds = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, assignment: Assignment, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.assignment = assignment

    @classmethod
    def of_judgement(cls, assignment: Assignment, judgement: Judgement) -> Self:
        """The form as it was submitted, to look back and to revise."""
        raise NotImplementedError

    def verdict(self) -> Said:
        """What the valid form says."""
        raise NotImplementedError

    def said(self, verdict: Any) -> str:
        """The verdict in a few words, to tell the person what was saved."""
        raise NotImplementedError

    def spent(self) -> float:
        """Seconds: those that the page counted, as far as the clock allows; without script the clock's."""
        since_lease = (timezone.now() - self.assignment.leased_at).total_seconds()
        try:
            looked_at = float(self.cleaned_data["seconds"])
        except ValueError:
            return min(since_lease, 60.0 * self.assignment.project.lease_minutes)
        return min(max(looked_at, 0.0), since_lease) if looked_at == looked_at else 0.0


class SkipForm(forms.Form):
    reason = forms.ChoiceField(choices=[*SKIP_REASONS, ("other", gettext_lazy("Another reason"))])
    words = forms.CharField(required=False, max_length=400)

    def reason_given(self) -> str:
        """`unsure`, or `other: what they wrote`."""
        words = self.cleaned_data["words"]
        return f"{self.cleaned_data['reason']}: {words}" if words else str(self.cleaned_data["reason"])
