"""An order of a task's answers, set by hand: a rank for each, equal ranks tie, 1 is best."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation import questions
from annotation.gold import LONGEST_EXPLANATION, PURPOSES
from annotation.models import Gold, Lane, Review, Sample, Task
from annotation.reviews import LONGEST_NOTE
from webapp.console.listing import letter
from webapp.workbench.order import groups_of


@dataclass(frozen=True)
class Answer:
    """One answer of the task; `ranks` are its fields, a criterion each, with the criterion's name for people."""

    letter: str
    sample: Sample
    ranks: list[tuple[str, BoundField]]


def rank_name(sample_id: int, place: int = 0) -> str:
    """The field of a sample's rank by the project's criterion number `place`."""
    return f"rank-{sample_id}-{place}"


class OrderForm(forms.Form):
    """`criteria`: how many of the project's, the main one first, are asked for."""

    def __init__(self, *args: Any, task: Task, criteria: int | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.task = task
        asked = questions.of(task.project)
        self.criteria = asked.orders[:criteria]
        self.names = {item.name: _(item.label) for item in asked.criteria}
        self.letters = {sample_id: letter(n) for n, sample_id in enumerate(task.sample_ids)}
        ranks = [(str(n), str(n)) for n in range(1, len(task.sample_ids) + 1)]
        self.fields |= {
            rank_name(sample_id, place): forms.ChoiceField(
                required=False, choices=ranks, widget=forms.RadioSelect, label=self.letters[sample_id]
            )
            for place in range(len(self.criteria))
            for sample_id in task.sample_ids
        }

    def answers(self) -> list[Answer]:
        samples = Sample.objects.in_bulk(self.task.sample_ids)
        return [
            Answer(
                self.letters[pk],
                samples[pk],
                [(self.names.get(c, ""), self[rank_name(pk, place)]) for place, c in enumerate(self.criteria)],
            )
            for pk in self.task.sample_ids
            if pk in samples
        ]

    def ranks(self, place: int) -> dict[int, int]:
        given = {pk: self.cleaned_data.get(rank_name(pk, place)) for pk in self.task.sample_ids}
        return {pk: int(rank) for pk, rank in given.items() if rank}

    def orders(self) -> dict[str, list[list[int]]]:
        """Criterion → groups, best first, of the criteria by which anything was ranked."""
        found = {criterion: groups_of(self.ranks(place)) for place, criterion in enumerate(self.criteria)}
        return {criterion: groups for criterion, groups in found.items() if groups}

    def check_whole(self) -> None:
        for place in range(len(self.criteria)):
            if missing := [self.letters[pk] for pk in self.task.sample_ids if pk not in self.ranks(place)]:
                raise forms.ValidationError(_("No rank yet: %(names)s.") % {"names": ", ".join(missing)})


def entered(groups: Sequence[Sequence[int]], place: int = 0) -> dict[str, str]:
    """An order as the form's initial values."""
    return {rank_name(pk, place): str(rank) for rank, group in enumerate(groups, 1) for pk in group}


class GoldForm(OrderForm):
    """A task's right order by the main criterion, and why."""

    explanation = forms.CharField(
        required=False,
        max_length=LONGEST_EXPLANATION,
        label=gettext_lazy("Explanation"),
        help_text=gettext_lazy("Shown after the answer in the qualification round: why this order is right."),
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("Use it"),
        choices=[
            (Lane.Purpose.GOLD, gettext_lazy("mixed into the work, unseen")),
            (Lane.Purpose.QUALIFICATION, gettext_lazy("in the qualification round, explained")),
        ],
        initial=Lane.Purpose.GOLD,
    )

    def __init__(self, *args: Any, task: Task, **kwargs: Any):
        super().__init__(*args, task=task, criteria=1, **kwargs)

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            self.check_whole()
            if len(set(self.ranks(0).values())) < 2:
                raise forms.ValidationError(_("At least one answer must be better than another."))
        return self.cleaned_data

    @property
    def groups(self) -> list[list[int]]:
        return self.orders()[self.criteria[0]]

    @staticmethod
    def of(gold: Gold) -> dict[str, str]:
        purpose = gold.task.lane.purpose
        given = {"purpose": purpose} if purpose in PURPOSES else {}
        return {**entered(gold.groups), "explanation": gold.explanation, **given}


class RulingForm(OrderForm):
    """A reviewer's word, with an order of their own where they overrule."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Ruling"),
        widget=forms.RadioSelect,
        choices=[
            (Review.Verdict.CONFIRMED, gettext_lazy("The judgements stand: opinions may differ here")),
            (Review.Verdict.OVERRULED, gettext_lazy("My own order holds instead of them")),
            (Review.Verdict.DISCARDED, gettext_lazy("Discard the task: it cannot be judged well")),
        ],
    )
    note = forms.CharField(
        required=False,
        max_length=LONGEST_NOTE,
        label=gettext_lazy("Note"),
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    def clean(self) -> dict[str, Any]:
        if not self.errors and self.cleaned_data.get("verdict") == Review.Verdict.OVERRULED:
            self.check_whole()
        return self.cleaned_data

    def ruling(self) -> dict[str, Any]:
        """Keyword arguments of `reviews.rule`."""
        verdict = self.cleaned_data["verdict"]
        orders = self.orders() if verdict == Review.Verdict.OVERRULED else {}
        return {"verdict": verdict, "orders": orders, "note": self.cleaned_data["note"]}
