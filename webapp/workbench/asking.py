"""What a project asks besides the order: as fields of the ranking form, as facts of a verdict, and back."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation import questions
from annotation.models import Assignment, Judgement

STRENGTH = "strength"
STEPS = [
    ("1", gettext_lazy("Negligibly better")),
    ("2", gettext_lazy("Slightly better")),
    ("3", gettext_lazy("Better")),
    ("4", gettext_lazy("Significantly better")),
]
APPLIES = "yes"  # a category without severities

Cleaned = Mapping[str, Any]


def scale_name(sample_id: int, scale: str) -> str:
    return f"scale-{sample_id}-{scale}"


def flag_name(sample_id: int, flag: str) -> str:
    return f"flag-{sample_id}-{flag}"


def harm_name(sample_id: int, category: str) -> str:
    return f"harm-{sample_id}-{category}"


class Asking:
    """The further questions of one assignment; labels of presets are said in the reader's language."""

    def __init__(self, assignment: Assignment):
        self.asked = questions.of(assignment.project)
        self.shown = assignment.shown
        self.strength = self.asked.strength and len(self.shown) == 2

    def fields(self) -> dict[str, forms.Field]:
        found = {name: field for sample_id in self.shown for name, field in self._of_answer(sample_id)}
        if self.strength:
            found[STRENGTH] = _radios(_("How much better is the better one?"), STEPS)
        return found

    def _of_answer(self, sample_id: int) -> Iterator[tuple[str, forms.Field]]:
        for scale in self.asked.scales:
            steps = [(str(n), str(n)) for n in range(scale.low, scale.high + 1)]
            yield scale_name(sample_id, scale.name), _radios(_(scale.label), steps)
        for flag in self.asked.flags:
            yield flag_name(sample_id, flag.name), forms.BooleanField(required=False, label=_(flag.label))
        severities = [(s.name, _(s.label)) for s in self.asked.severities] or [(APPLIES, _("Yes"))]
        for category in self.asked.categories:
            choices = [("", _("No")), *severities]
            field = forms.ChoiceField(required=False, choices=choices, label=_(category.label))
            yield harm_name(sample_id, category.name), field

    def facts(self, cleaned: Cleaned) -> dict[str, Any]:
        """Keyword arguments of a `Verdict`. A flag that was not set is a "no"; a rating not given is left out."""
        strength = cleaned.get(STRENGTH)
        return {
            "strength": int(strength) if strength else None,
            "ratings": self._by_answer(lambda s: self._ratings(s, cleaned)),
            "flags": self._by_answer(
                lambda s: {f.name: bool(cleaned.get(flag_name(s, f.name))) for f in self.asked.flags}
            ),
            "categories": self._by_answer(lambda s: self._categories(s, cleaned)),
        }

    def _by_answer(self, facts: Any) -> dict[str, dict[str, Any]]:
        return {str(s): said for s in self.shown if (said := facts(s))}

    def _ratings(self, sample_id: int, cleaned: Cleaned) -> dict[str, int]:
        given = {scale.name: cleaned.get(scale_name(sample_id, scale.name)) for scale in self.asked.scales}
        return {name: int(value) for name, value in given.items() if value}

    def _categories(self, sample_id: int, cleaned: Cleaned) -> dict[str, str]:
        given = {item.name: cleaned.get(harm_name(sample_id, item.name)) for item in self.asked.categories}
        return {name: "" if value == APPLIES else value for name, value in given.items() if value}

    def unrated(self, cleaned: Cleaned) -> list[tuple[int, str]]:
        """(sample id, label) of the ratings that are missing."""
        return [
            (sample_id, _(scale.label))
            for sample_id in self.shown
            for scale in self.asked.scales
            if not cleaned.get(scale_name(sample_id, scale.name))
        ]


def _radios(label: str, choices: list[Any]) -> forms.ChoiceField:
    return forms.ChoiceField(required=False, choices=choices, widget=forms.RadioSelect, label=label)


def entered(judgement: Judgement) -> dict[str, Any]:
    """A judgement's facts as the fields' initial values."""
    values: dict[str, Any] = {STRENGTH: str(judgement.strength or "")}
    for sample_id, name, value in _entries(judgement.ratings):
        values[scale_name(sample_id, name)] = f"{value:g}"
    for sample_id, name, value in _entries(judgement.flags):
        values[flag_name(sample_id, name)] = value
    for sample_id, name, value in _entries(judgement.categories):
        values[harm_name(sample_id, name)] = value or APPLIES
    return values


def _entries(said: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[int, str, Any]]:
    return ((int(sample_id), name, value) for sample_id, entry in said.items() for name, value in entry.items())
