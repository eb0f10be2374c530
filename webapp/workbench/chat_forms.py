"""The forms of a chat task: a message, the judgement of a turn's answers, and the last word on the conversation."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation import chatting
from annotation.briefs import Brief
from annotation.choosing import Closing
from annotation.judging import Said
from annotation.models import Assignment, Judgement, Turn
from webapp.workbench.forms import LONGEST_COMMENT, VerdictForm
from webapp.workbench.order import groups_of
from webapp.workbench.ranking import RankingForm


class MessageForm(forms.Form):
    """What the person says next. `number` is the turn that they take it for: a second tab may be further on."""

    text = forms.CharField(
        max_length=chatting.LONGEST_MESSAGE,
        label=gettext_lazy("Your message"),
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        error_messages={"required": gettext_lazy("The message is empty: write something.")},
    )
    number = forms.IntegerField(required=False, min_value=1, max_value=1000, widget=forms.HiddenInput)


class TurnForm(RankingForm):
    """The verdict on one turn's answers: the best of them, or all in order, as the task's brief has it."""

    best = forms.ChoiceField(required=False)
    go_on_with = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        label=gettext_lazy("If several are best, go on with"),
    )

    def __init__(self, *args: Any, turn: Turn, assignment: Assignment, **kwargs: Any):
        self.turn, self.brief = turn, Brief.of(assignment.task)
        # What the ranking form knows of an assignment: the answers shown, the project, and since when they are there.
        shown = Assignment(project=assignment.project, shown=turn.shown, leased_at=turn.ready_at or turn.asked_at)
        super().__init__(*args, assignment=shown, **kwargs)
        answers = [(str(c), letter) for c, letter in self.letters.items()]
        self.fields["best"].choices = answers  # type: ignore[attr-defined]
        if self.picks or not self.assignment.project.allow_ties:
            del self.fields["go_on_with"]
        else:
            first = ("", _("the one that is shown first"))
            self.fields["go_on_with"].choices = [first, *answers]  # type: ignore[attr-defined]

    @property
    def picks(self) -> bool:
        """Whether one answer is chosen; several criteria, or answers that must not tie, need an order."""
        enough = len(self.letters) == 2 or self.assignment.project.allow_ties
        return enough and not self.brief.ranks and len(self.criteria) == 1

    def ranks(self, criterion: str) -> dict[int, int]:
        if not self.picks:
            return super().ranks(criterion)
        best = self.cleaned_data.get("best")
        return {c: 1 if str(c) == best else 2 for c in self.assignment.shown} if best else {}

    def clean(self) -> dict[str, Any]:
        """Of several best answers only."""
        said = super().clean()
        ranks = {} if self.errors else self.ranks(self.main)
        best = groups_of(ranks)[0] if ranks else []
        if said.get("go_on_with") and said["go_on_with"] not in best:
            names = {"letter": self.letters[said["go_on_with"]]}
            self.add_error("go_on_with", _("Answer %(letter)s is not among the best: rank it 1 as well.") % names)
        return said

    def _check_complete(self, criterion: str, ranks: Any) -> None:
        if self.picks and not ranks:
            raise forms.ValidationError(_("Choose the best answer."))
        super()._check_complete(criterion, ranks)

    def _check_rated(self) -> None:
        if self.brief.must_rate:
            super()._check_rated()


class ClosingForm(VerdictForm):
    """What the person says of the conversation as a whole, when they end it."""

    remark = forms.CharField(
        required=False,
        max_length=LONGEST_COMMENT,
        label=gettext_lazy("Anything to say about the conversation as a whole?"),
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    @classmethod
    def of_judgement(cls, assignment: Assignment, judgement: Judgement) -> "ClosingForm":
        return cls(assignment=assignment, initial={"remark": judgement.comment})

    def clean(self) -> dict[str, Any]:
        done = Turn.objects.filter(conversation__assignment=self.assignment, state=Turn.State.DONE)
        if not done.exists():
            raise forms.ValidationError(_("Nothing was judged in this conversation yet: skip the task instead."))
        return self.cleaned_data

    def verdict(self) -> Said:
        return Closing(comment=self.cleaned_data.get("remark", ""))

    def said(self, verdict: Closing) -> str:
        return _("conversation")
