"""The project's questions as a plain form: a line each, in words that become the names in the data."""

import re
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation import questions
from annotation.models import Project

KINDS = ("criteria", "scales", "flags", "categories", "severities")
MOST_LINES = 30
LONGEST_LABEL, LONGEST_NAME = 80, 40
MOST_STEPS = 11
SCALE = re.compile(r"(?P<label>.*?)\s*[:：]?\s+(?P<low>\d{1,2})\s*[-–—]\s*(?P<high>\d{1,2})")


def lines_field(label: Any, help_text: Any) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 4, "class": "foreign", "dir": "auto"})
    return forms.CharField(label=label, help_text=help_text, required=False, max_length=5_000, widget=area)


class QuestionsForm(forms.Form):
    """What annotators are asked; `questions()` is what `Project.questions` stores."""

    criteria = lines_field(
        gettext_lazy("Orders"),
        gettext_lazy("A ranking for each line, the main one first. Empty: one overall order."),
    )
    scales = lines_field(
        gettext_lazy("Ratings"), gettext_lazy("Asked of each answer; a line each, such as Helpfulness: 1-5.")
    )
    flags = lines_field(gettext_lazy("Yes or no"), gettext_lazy("Asked of each answer; a line each."))
    categories = lines_field(gettext_lazy("Categories of harm"), gettext_lazy("Those that apply to an answer."))
    severities = lines_field(gettext_lazy("How severe"), gettext_lazy("Mildest first. Empty: a category is yes or no."))
    strength = forms.BooleanField(
        label=gettext_lazy("Ask how much better the better answer is, in four steps (for K = 2)"), required=False
    )

    def __init__(self, data: QueryDict | None = None, *, project: Project):
        super().__init__(data, initial=written(project))
        self.project = project
        self.good: dict[str, list[dict[str, Any]]] = {}  # kind → the lines of it that make sense

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for kind in KINDS:
            try:
                found[kind] = self._items(kind, found.get(kind, ""))
            except forms.ValidationError as error:
                self.add_error(kind, error)
        if not self.errors:
            self._keep_orders(found)
        return found

    def _items(self, kind: str, text: str) -> list[dict[str, Any]]:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(_("At most %(n)d lines.") % {"n": MOST_LINES})
        read = _scale if kind == "scales" else _item
        known = {item["label"]: item["name"] for item in self.project.questions.get(kind, ())}
        items, wrong = [], []
        for line in lines:
            try:
                items.append(read(line, known))
            except forms.ValidationError as error:
                wrong.append(error)
        self.good[kind] = list({item["name"]: item for item in items}.values())
        if wrong:
            raise forms.ValidationError(wrong)
        if len(self.good[kind]) < len(items):
            raise forms.ValidationError(_("Two lines have the same name."))
        return items

    def _keep_orders(self, found: dict[str, Any]) -> None:
        if questions.loses_rankings(self.project, [item["name"] for item in found["criteria"]]):
            self.add_error("criteria", _("There are judgements already: the orders stay as they are."))

    def sensible(self) -> dict[str, Any]:
        """Like `questions()`, of a form that need not be valid: without the lines that are wrong."""
        self.is_valid()
        return {**self.good, "strength": bool(self.cleaned_data.get("strength"))}

    def questions(self) -> dict[str, Any]:
        asked = {kind: self.cleaned_data[kind] for kind in KINDS if self.cleaned_data[kind]}
        return {**asked, "strength": True} if self.cleaned_data["strength"] else asked


def written(project: Project) -> dict[str, Any]:
    """The stored questions as the form's text."""
    asked = project.questions
    values = {kind: "\n".join(_line(item) for item in asked.get(kind, ())) for kind in KINDS}
    return {**values, "strength": bool(asked.get("strength"))}


def _line(item: dict[str, Any]) -> str:
    return f"{item['label']}: {item['min']}-{item['max']}" if "min" in item else str(item["label"])


def _item(label: str, known: dict[str, str]) -> dict[str, Any]:
    """A label that is there already keeps its name, so that the data go on as they began."""
    name = known.get(label) or re.sub(r"\W+", "_", label.lower()).strip("_")[:LONGEST_NAME]
    if not name or len(label) > LONGEST_LABEL or "\0" in label:
        words = _("%(line)s: 1 to %(n)d characters, a letter or digit among them.")
        raise forms.ValidationError(words % {"line": label[:LONGEST_LABEL], "n": LONGEST_LABEL})
    return {"name": name, "label": label}


def _scale(line: str, known: dict[str, str]) -> dict[str, Any]:
    found = SCALE.fullmatch(line)
    if not found or not 0 < int(found["high"]) - int(found["low"]) < MOST_STEPS:
        words = _("%(line)s: a name and its two ends, at most %(n)d steps, such as Helpfulness: 1-5.")
        raise forms.ValidationError(words % {"line": line[:LONGEST_LABEL], "n": MOST_STEPS})
    return {**_item(found["label"], known), "min": int(found["low"]), "max": int(found["high"])}
