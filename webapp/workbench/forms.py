from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import ngettext as _n

from annotation import questions
from annotation.judging import Verdict
from annotation.models import Assignment, Judgement, Project
from webapp.workbench.asking import STRENGTH, Asking, entered
from webapp.workbench.order import groups_of, lettered, written

LONGEST_COMMENT = 10_000
SKIP_REASONS = [
    ("unsure", gettext_lazy("I do not know enough about this")),
    ("language", gettext_lazy("I cannot read this language")),
    ("disturbing", gettext_lazy("I would rather not read this")),
    ("broken", gettext_lazy("Something is broken here")),
]


def rank_name(sample_id: int, criterion: str = "") -> str:
    """`criterion` is left out for the project's main order."""
    return f"rank-{sample_id}-{criterion}" if criterion else f"rank-{sample_id}"


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
        self.asking = Asking(assignment)
        self.letters = lettered(assignment.shown)
        self.main, *others = self.asking.asked.orders
        self.criteria = {self.main: "", **{name: name for name in others}}  # criterion → its part of a field's name
        self.names = {item.name: _(item.label) for item in self.asking.asked.criteria}
        self.fields |= {**self._rank_fields(), **self.asking.fields()}

    def _rank_fields(self) -> dict[str, forms.Field]:
        ranks = [(str(rank), str(rank)) for rank in range(1, len(self.letters) + 1)]
        choices = [*ranks, ("", "–")] if self.assignment.project.allow_unranked else ranks
        return {
            rank_name(sample_id, part): forms.ChoiceField(
                required=False, choices=choices, widget=forms.RadioSelect, label=letter
            )
            for part in self.criteria.values()
            for sample_id, letter in self.letters.items()
        }

    def rank_field(self, sample_id: int, criterion: str) -> BoundField:
        return self[rank_name(sample_id, self.criteria[criterion])]

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        orders = {criterion: self.ranks(criterion) for criterion in self.criteria}
        if any(orders.values()) or not self.cleaned_data["all_bad"]:
            for criterion, ranks in orders.items():
                self._check_complete(criterion, ranks)
                self._check_ties(ranks)
            self._check_answered(orders[self.main])
        return self.cleaned_data

    def ranks(self, criterion: str) -> dict[int, int]:
        """Sample id → rank, of those that have one."""
        part = self.criteria[criterion]
        given = {s: self.cleaned_data.get(rank_name(s, part)) for s in self.assignment.shown}
        return {sample_id: int(rank) for sample_id, rank in given.items() if rank}

    def _check_complete(self, criterion: str, ranks: Mapping[int, int]) -> None:
        missing = [self.letters[s] for s in self.assignment.shown if s not in ranks]
        may_be_partial = ranks and self.assignment.project.allow_unranked
        if missing and not may_be_partial:
            by = f"{self.names[criterion]}: " if criterion in self.names else ""
            words = _n("%(names)s has no rank yet.", "%(names)s have no rank yet.", len(missing))
            raise forms.ValidationError(words % {"names": by + ", ".join(missing)})

    def _check_ties(self, ranks: Mapping[int, int]) -> None:
        tied = any(len(group) > 1 for group in groups_of(ranks))
        if tied and not self.assignment.project.allow_ties:
            raise forms.ValidationError(_("This project does not allow ties: give each answer a rank of its own."))

    def _check_answered(self, main: Mapping[int, int]) -> None:
        """Where everything is ranked, what is asked on a scale is answered too; the strength where one is better."""
        if len(main) < len(self.letters):
            return
        if missing := self.asking.unrated(self.cleaned_data):
            names = ", ".join(f"{self.letters[s]} ({label})" for s, label in missing)
            raise forms.ValidationError(_("Not rated yet: %(names)s.") % {"names": names})
        if len(groups_of(main)) < 2:
            self.cleaned_data[STRENGTH] = ""
        elif self.asking.strength and not self.cleaned_data[STRENGTH]:
            raise forms.ValidationError(_("Say how much better the better answer is."))

    def verdict(self) -> Verdict:
        orders = {criterion: groups_of(self.ranks(criterion)) for criterion in self.criteria}
        return Verdict(
            rankings={criterion: groups for criterion, groups in orders.items() if groups},
            all_bad=self.cleaned_data["all_bad"],
            comment=self.cleaned_data["comment"],
            seconds=self._seconds(),
            **self.asking.facts(self.cleaned_data),
        )

    def said(self, verdict: Verdict) -> str:
        """The orders for people: `B > A`; with several criteria `Helpfulness: B > A · Harmlessness: A = B`."""
        orders = {criterion: written(groups, self.letters) for criterion, groups in verdict.rankings.items()}
        return " · ".join(f"{self.names[c]}: {order}" if c in self.names else order for c, order in orders.items())

    def _seconds(self) -> float:
        """The time the page says it was looked at, within what the clock allows; without script, the clock's."""
        since_lease = (timezone.now() - self.assignment.leased_at).total_seconds()
        try:
            looked_at = float(self.cleaned_data["seconds"])
        except ValueError:
            return min(since_lease, 60.0 * self.assignment.project.lease_minutes)
        return min(max(looked_at, 0.0), since_lease) if looked_at == looked_at else 0.0


def entered_before(judgement: Judgement, project: Project) -> dict[str, Any]:
    """A judgement as the form's initial values, to look back at it and to revise it."""
    values = {"all_bad": judgement.all_bad, "comment": judgement.comment, **entered(judgement)}
    main = questions.criterion(project)
    for ranking in judgement.rankings.all():
        part = "" if ranking.criterion == main else ranking.criterion
        pairs = zip(ranking.sample_ids, ranking.ranks, strict=True)
        values |= {rank_name(sample_id, part): str(rank + 1) for sample_id, rank in pairs}
    return values


class SkipForm(forms.Form):
    reason = forms.ChoiceField(choices=[*SKIP_REASONS, ("other", gettext_lazy("Another reason"))])
    words = forms.CharField(required=False, max_length=400)

    def reason_given(self) -> str:
        """`unsure`, or `other: what they wrote`."""
        words = self.cleaned_data["words"]
        return f"{self.cleaned_data['reason']}: {words}" if words else str(self.cleaned_data["reason"])
