from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import ngettext as _n

from annotation.judging import Verdict, overall
from annotation.models import Assignment, Judgement
from annotation.models.judgement import OVERALL
from webapp.workbench.order import groups_of, lettered

LONGEST_COMMENT = 10_000
SKIP_REASONS = [
    ("unsure", gettext_lazy("I do not know enough about this")),
    ("language", gettext_lazy("I cannot read this language")),
    ("disturbing", gettext_lazy("I would rather not read this")),
    ("broken", gettext_lazy("Something is broken here")),
]


def rank_name(sample_id: int) -> str:
    return f"rank-{sample_id}"


class RankingForm(forms.Form):
    """The verdict on one assignment: a rank for each answer shown, equal ranks tie, 1 is best."""

    all_bad = forms.BooleanField(required=False, label=gettext_lazy("All of these answers are bad"))
    comment = forms.CharField(
        required=False,
        max_length=LONGEST_COMMENT,
        label=gettext_lazy("Comment"),
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    seconds = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, assignment: Assignment, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.assignment = assignment
        self.letters = lettered(assignment.shown)
        ranks = [(str(rank), str(rank)) for rank in range(1, len(assignment.shown) + 1)]
        choices = [*ranks, ("", "–")] if assignment.project.allow_unranked else ranks
        for sample_id in assignment.shown:
            self.fields[rank_name(sample_id)] = forms.ChoiceField(
                required=False, choices=choices, widget=forms.RadioSelect, label=self.letters[sample_id]
            )

    def rank_field(self, sample_id: int) -> BoundField:
        return self[rank_name(sample_id)]

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            ranks = self.ranks()
            self._check_complete(ranks)
            self._check_ties(ranks)
        return self.cleaned_data

    def ranks(self) -> dict[int, int]:
        """Sample id → rank, of those that have one."""
        given = {s: self.cleaned_data.get(rank_name(s)) for s in self.assignment.shown}
        return {sample_id: int(rank) for sample_id, rank in given.items() if rank}

    def _check_complete(self, ranks: Mapping[int, int]) -> None:
        missing = [self.letters[s] for s in self.assignment.shown if s not in ranks]
        may_be_partial = ranks and self.assignment.project.allow_unranked
        says_nothing_but_bad = not ranks and self.cleaned_data["all_bad"]
        if missing and not may_be_partial and not says_nothing_but_bad:
            names = ", ".join(missing)
            words = _n("%(names)s has no rank yet.", "%(names)s have no rank yet.", len(missing))
            raise forms.ValidationError(words % {"names": names})

    def _check_ties(self, ranks: Mapping[int, int]) -> None:
        tied = any(len(group) > 1 for group in groups_of(ranks))
        if tied and not self.assignment.project.allow_ties:
            raise forms.ValidationError(_("This project does not allow ties: give each answer a rank of its own."))

    def verdict(self) -> Verdict:
        ranks = self.ranks()
        return Verdict(
            rankings=overall(groups_of(ranks)) if ranks else {},
            all_bad=self.cleaned_data["all_bad"],
            comment=self.cleaned_data["comment"],
            seconds=self._seconds(),
        )

    def _seconds(self) -> float:
        """The time the page says it was looked at, within what the clock allows; without script, the clock's."""
        since_lease = (timezone.now() - self.assignment.leased_at).total_seconds()
        try:
            looked_at = float(self.cleaned_data["seconds"])
        except ValueError:
            return min(since_lease, 60.0 * self.assignment.project.lease_minutes)
        return min(max(looked_at, 0.0), since_lease) if looked_at == looked_at else 0.0


def entered_before(judgement: Judgement) -> dict[str, Any]:
    """A judgement as the form's initial values, to look back at it and to revise it."""
    values: dict[str, Any] = {"all_bad": judgement.all_bad, "comment": judgement.comment}
    for ranking in judgement.rankings.all():
        if ranking.criterion == OVERALL:
            pairs = zip(ranking.sample_ids, ranking.ranks, strict=True)
            values |= {rank_name(sample_id): str(rank + 1) for sample_id, rank in pairs}
    return values


class SkipForm(forms.Form):
    reason = forms.ChoiceField(choices=[*SKIP_REASONS, ("other", gettext_lazy("Another reason"))])
    words = forms.CharField(required=False, max_length=400)

    def reason_given(self) -> str:
        """`unsure`, or `other: what they wrote`."""
        words = self.cleaned_data["words"]
        return f"{self.cleaned_data['reason']}: {words}" if words else str(self.cleaned_data["reason"])
