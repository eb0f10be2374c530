"""Rating answers one by one: the form of what the project asks of each answer, without an order."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import ngettext as _n

from annotation.models import Assignment, Judgement
from annotation.rating import Rates
from webapp.workbench.asking import Asking, entered, flag_name, harm_name, scale_name
from webapp.workbench.forms import LONGEST_COMMENT, VerdictForm
from webapp.workbench.order import lettered


class RateForm(VerdictForm):
    comment = forms.CharField(
        required=False,
        max_length=LONGEST_COMMENT,
        label=gettext_lazy("Comment"),
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    def __init__(self, *args: Any, assignment: Assignment, **kwargs: Any):
        super().__init__(*args, assignment=assignment, **kwargs)
        self.asking = Asking(assignment)
        self.asking.strength = False  # that is of an order
        self.letters = lettered(assignment.shown)
        self.fields |= self.asking.fields()

    @classmethod
    def of_judgement(cls, assignment: Assignment, judgement: Judgement) -> "RateForm":
        return cls(assignment=assignment, initial={"comment": judgement.comment, **entered(judgement)})

    def clean(self) -> dict[str, Any]:
        if not self.errors and (missing := self.asking.unrated(self.cleaned_data)):
            names = ", ".join(f"{self.letters[s]} ({label})" for s, label in missing)
            raise forms.ValidationError(_("Not rated yet: %(names)s.") % {"names": names})
        return self.cleaned_data

    def verdict(self) -> Rates:
        facts = self.asking.facts(self.cleaned_data)
        facts.pop("strength")
        return Rates(comment=self.cleaned_data["comment"], seconds=self.spent(), **facts)

    def said(self, verdict: Rates) -> str:
        return rated(len(self.letters))


def rated(number: int) -> str:
    return _n("%(n)d answer rated", "%(n)d answers rated", number) % {"n": number}


@dataclass(frozen=True)
class Rated:
    """One answer on the page, and what is asked about it."""

    id: int
    letter: str
    text: str
    scales: list[BoundField]
    flags: list[BoundField]
    harms: list[BoundField]

    @property
    def asked(self) -> list[BoundField]:
        return [*self.scales, *self.flags, *self.harms]


def context(form: RateForm) -> dict[str, Any]:
    texts = form.assignment.texts
    return {
        "title": _("Rate the answers"),
        "answers": [_rated(form, sample_id, texts[sample_id]) for sample_id in form.assignment.shown],
    }


def _rated(form: RateForm, sample_id: int, text: str) -> Rated:
    asked = form.asking.asked
    return Rated(
        id=sample_id,
        letter=form.letters[sample_id],
        text=text,
        scales=[form[scale_name(sample_id, scale.name)] for scale in asked.scales],
        flags=[form[flag_name(sample_id, flag.name)] for flag in asked.flags],
        harms=[form[harm_name(sample_id, category.name)] for category in asked.categories],
    )


def summary(judgement: Judgement) -> str:
    return rated(len({*judgement.ratings, *judgement.flags, *judgement.categories}))
