from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from exports.formats import DEFAULT_FORMATS, FORMATS
from exports.query import MAX_SEED, normalise


class WordsField(forms.CharField):
    """Words with commas between, as a list; None where there are none."""

    def clean(self, value: Any) -> list[str] | None:
        words = [word.strip() for word in super().clean(value).replace("，", ",").split(",")]
        return [word for word in words if word] or None


def percent_field(label: Any, initial: int) -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=0, max_value=100, decimal_places=2, initial=initial)


class FreezeForm(forms.Form):
    """What a snapshot holds; `query` is what `exports.query` reads."""

    formats = forms.MultipleChoiceField(
        label=_("Formats"),
        choices=[(name, name) for name in FORMATS],
        initial=DEFAULT_FORMATS,
        widget=forms.CheckboxSelectMultiple,
    )
    train = percent_field(_("Train, %"), 90)
    validation = percent_field(_("Validation, %"), 5)
    test = percent_field(_("Test, %"), 5)
    seed = forms.IntegerField(
        label=_("Seed of the split"),
        min_value=0,
        max_value=MAX_SEED,
        initial=0,
        help_text=_("Another seed, another split."),
    )
    languages = WordsField(label=_("Only these languages"), required=False, max_length=200)
    categories = WordsField(label=_("Only these categories"), required=False, max_length=1000)
    since = forms.DateField(
        label=_("Judged on or after"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(label=_("Judged before"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    text = forms.BooleanField(label=_("Plain strings instead of message lists"), required=False)

    query: dict[str, Any]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if self.errors:
            return found
        try:
            self.query = normalise(_query(found))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return found


def _query(found: dict[str, Any]) -> dict[str, Any]:
    same = {name: found[name] for name in ("formats", "seed", "languages", "categories", "text")}
    dates = {name: found[name] and found[name].isoformat() for name in ("since", "until")}
    return {**same, **dates, "fractions": [float(found[name]) / 100 for name in ("train", "validation", "test")]}
