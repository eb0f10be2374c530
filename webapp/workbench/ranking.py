"""Ranking: the form of ranks and of what else is asked, and what its page shows of the answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import ngettext as _n

from annotation import questions
from annotation.judging import Verdict
from annotation.models import Assignment, Judgement, Project
from webapp.workbench.asking import STRENGTH, Asking, entered, flag_name, harm_name, scale_name
from webapp.workbench.forms import LONGEST_COMMENT, VerdictForm
from webapp.workbench.order import groups_of, lettered, written


def rank_name(sample_id: int, criterion: str = "") -> str:
    """`criterion` is left out for the project's main order."""
    return f"rank-{sample_id}-{criterion}" if criterion else f"rank-{sample_id}"


class RankingForm(VerdictForm):
    """The verdict on one assignment: a rank for each answer shown, equal ranks tie, 1 is best."""

    all_bad = forms.BooleanField(required=False, label=gettext_lazy("All of these answers are bad"))
    comment = forms.CharField(
        required=False,
        max_length=LONGEST_COMMENT,
        label=gettext_lazy("Comment"),
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    def __init__(self, *args: Any, assignment: Assignment, **kwargs: Any):
        super().__init__(*args, assignment=assignment, **kwargs)
        self.asking = Asking(assignment)
        self.letters = lettered(assignment.shown)
        self.main, *others = self.asking.asked.orders
        self.criteria = {self.main: "", **{name: name for name in others}}  # criterion → its part of a field's name
        self.names = {item.name: _(item.label) for item in self.asking.asked.criteria}
        self.fields |= {**self._rank_fields(), **self.asking.fields()}

    @classmethod
    def of_judgement(cls, assignment: Assignment, judgement: Judgement) -> "RankingForm":
        return cls(assignment=assignment, initial=entered_before(judgement, assignment.project))

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
        self._check_rated()
        if len(groups_of(main)) < 2:
            self.cleaned_data[STRENGTH] = ""
        elif self.asking.strength and not self.cleaned_data[STRENGTH]:
            raise forms.ValidationError(_("Say how much better the better answer is."))

    def _check_rated(self) -> None:
        if missing := self.asking.unrated(self.cleaned_data):
            names = ", ".join(f"{self.letters[s]} ({label})" for s, label in missing)
            raise forms.ValidationError(_("Not rated yet: %(names)s.") % {"names": names})

    def verdict(self) -> Verdict:
        orders = {criterion: groups_of(self.ranks(criterion)) for criterion in self.criteria}
        return Verdict(
            rankings={criterion: groups for criterion, groups in orders.items() if groups},
            all_bad=self.cleaned_data["all_bad"],
            comment=self.cleaned_data["comment"],
            seconds=self.spent(),
            **self.asking.facts(self.cleaned_data),
        )

    def said(self, verdict: Verdict) -> str:
        """The orders for people: `B > A`; with several criteria `Helpfulness: B > A · Harmlessness: A = B`."""
        if not verdict.rankings:
            return _("all bad")
        orders = {criterion: written(groups, self.letters) for criterion, groups in verdict.rankings.items()}
        return " · ".join(f"{self.names[c]}: {order}" if c in self.names else order for c, order in orders.items())


@dataclass(frozen=True)
class Order:
    """One answer's place in one order; the name is for people, empty where there is only one order."""

    criterion: str
    name: str
    field: BoundField


@dataclass(frozen=True)
class Answer:
    """One answer on the page, and what is asked about it."""

    id: int
    letter: str
    text: str
    orders: list[Order]
    scales: list[BoundField]
    flags: list[BoundField]
    harms: list[BoundField]

    @property
    def asked(self) -> list[BoundField]:
        return [*self.scales, *self.flags, *self.harms]


def answers(form: RankingForm) -> list[Answer]:
    return with_texts(form, form.assignment.texts)


def with_texts(form: RankingForm, texts: Mapping[int, str]) -> list[Answer]:
    return [_answer(form, sample_id, texts[sample_id]) for sample_id in form.assignment.shown]


def _answer(form: RankingForm, sample_id: int, text: str) -> Answer:
    asked = form.asking.asked
    return Answer(
        id=sample_id,
        letter=form.letters[sample_id],
        text=text,
        orders=[Order(c, form.names.get(c, ""), form.rank_field(sample_id, c)) for c in form.criteria],
        scales=[form[scale_name(sample_id, scale.name)] for scale in asked.scales],
        flags=[form[flag_name(sample_id, flag.name)] for flag in asked.flags],
        harms=[form[harm_name(sample_id, category.name)] for category in asked.categories],
    )


def context(form: RankingForm) -> dict[str, Any]:
    return {"answers": answers(form), "title": _("Rank the answers")}


def summary(judgement: Judgement) -> str:
    """The orders in letters; the judgement's assignment and rankings are at hand."""
    letters = lettered(judgement.assignment.shown if judgement.assignment else [])
    return " · ".join(written(ranking.groups, letters) for ranking in judgement.rankings.all())


def entered_before(judgement: Judgement, project: Project) -> dict[str, Any]:
    """A judgement as the form's initial values, to look back at it and to revise it."""
    values = {"all_bad": judgement.all_bad, "comment": judgement.comment, **entered(judgement)}
    main = questions.criterion(project)
    for ranking in judgement.rankings.all():
        part = "" if ranking.criterion == main else ranking.criterion
        pairs = zip(ranking.sample_ids, ranking.ranks, strict=True)
        values |= {rank_name(sample_id, part): str(rank + 1) for sample_id, rank in pairs}
    return values
