"""What a manager asks people for, and how writing goes in a project."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation import tasks, wishes
from annotation.models import Lane, Project, Task
from annotation.models.task import DEFAULT_PRIORITY, PRIORITIES
from annotation.writing import LONGEST_CATEGORY


class TermsForm(forms.Form):
    """How many, of which language and category, for whom, and how soon."""

    number = forms.IntegerField(label=_("How many at most"), min_value=1, max_value=wishes.MOST_AT_ONCE, initial=50)
    language = forms.CharField(label=_("Language"), required=False, max_length=16)
    category = forms.CharField(label=_("Category"), required=False, max_length=LONGEST_CATEGORY)
    priority = forms.TypedChoiceField(
        label=_("Priority"),
        coerce=int,
        choices=[(str(level), str(level)) for level in reversed(PRIORITIES)],
        initial=str(DEFAULT_PRIORITY),
        help_text=_("9 is handed out first; rankings usually have 4."),
    )
    cohort = forms.CharField(
        label=_("Cohort"), required=False, max_length=60, help_text=_("Only for its members. Empty: for everybody.")
    )

    @property
    def terms(self) -> wishes.Terms:
        said = self.cleaned_data
        return wishes.Terms(said.get("overlap"), said["priority"], said["cohort"])

    @property
    def labels(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("language", "category") if self.cleaned_data[name]}


class SteerForm(forms.Form):
    """One task: how soon, by how many people, for whom."""

    priority = TermsForm.base_fields["priority"]  # the same levels in the same words
    overlap = forms.IntegerField(label=_("People"), min_value=1, max_value=tasks.MOST_JUDGES, required=False)
    cohort = forms.CharField(
        label=_("Cohort"),
        required=False,
        max_length=tasks.LONGEST_COHORT,
        widget=forms.TextInput(attrs={"list": "cohorts", "dir": "auto", "autocomplete": "off"}),
        help_text=_("Only for its members. Empty: for everybody."),
    )

    @classmethod
    def of(cls, task: Task) -> "SteerForm":
        entered = {"priority": task.priority, "overlap": task.overlap, "cohort": task.lane.cohort}
        form = cls(initial=entered, auto_id=f"task-{task.pk}-%s")
        if task.lane.purpose != Lane.Purpose.WORK:
            del form.fields["overlap"]  # everybody may get it once
        return form

    @property
    def changes(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if value is not None}


class PromptsAskForm(TermsForm):
    """Each prompt is one person's to write."""

    number = forms.IntegerField(label=_("How many"), min_value=1, max_value=wishes.MOST_AT_ONCE, initial=10)
    instruction = forms.CharField(
        label=_("What these should be about"),
        required=False,
        max_length=wishes.LONGEST_INSTRUCTION,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "class": "foreign"}),
        help_text=_("Markdown, beside what all who write prompts here read."),
    )
    field_order = ("number", "instruction", "language", "category", "priority", "cohort")


class WorkAskForm(TermsForm):
    """Demonstrations or ratings of prompts of which nobody was asked for them yet."""

    overlap = forms.IntegerField(label=_("People per task"), min_value=1, max_value=100, initial=1)
    field_order = ("number", "overlap", "language", "category", "priority", "cohort")


class RulesForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """How prompts and demonstrations are written."""

    class Meta:
        model = Project
        fields = ("prompt_instruction", "review_prompts", "demonstrate_prompts", "start_from_best")
        widgets = {"prompt_instruction": forms.Textarea(attrs={"rows": 4, "dir": "auto", "class": "foreign"})}
        help_texts = {
            "prompt_instruction": _("Markdown; all who write prompts here read it."),
            "review_prompts": _("Somebody other than the author accepts, edits or rejects each."),
            "demonstrate_prompts": _("As soon as the prompt is accepted, as in InstructGPT."),
            "start_from_best": _(
                "The best by people's rankings, or else by the reward model; the edit is kept as one."
            ),
        }
