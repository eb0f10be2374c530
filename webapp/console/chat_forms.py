"""What a manager asks of people who chat."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.briefs import MOST_TURNS, Brief
from annotation.models import Generator, Project
from annotation.models.project import K_MAX, K_MIN
from annotation.wishes import LONGEST_INSTRUCTION, MOST_AT_ONCE
from webapp.console.task_forms import TermsForm

LIVE = [Generator.Backend.TRANSFORMERS, Generator.Backend.OPENAI]


class ChatsAskForm(TermsForm):
    """Conversations, all with the same brief."""

    number = forms.IntegerField(label=_("How many"), min_value=1, max_value=MOST_AT_ONCE, initial=10)
    overlap = forms.IntegerField(label=_("People per task"), min_value=1, max_value=100)
    answers = forms.IntegerField(label=_("Answers a turn"), min_value=K_MIN, max_value=K_MAX, initial=2)
    max_turns = forms.IntegerField(label=_("Turns at most"), min_value=1, max_value=MOST_TURNS, initial=10)
    instruction = forms.CharField(
        label=_("What to talk about"),
        required=False,
        max_length=LONGEST_INSTRUCTION,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "class": "foreign"}),
        help_text=_("For the person. Empty: whatever they like."),
    )
    system = forms.CharField(
        label=_("System message"),
        required=False,
        max_length=LONGEST_INSTRUCTION,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto", "class": "foreign"}),
        help_text=_("For the models; the person reads it too."),
    )
    ranks = forms.BooleanField(
        label=_("All answers are put in order"),
        required=False,
        help_text=_("Else the best one is chosen, and the others count as equal."),
    )
    must_rate = forms.BooleanField(label=_("The project's ratings are asked at every turn"), required=False)
    generators = forms.ModelMultipleChoiceField(
        Generator.objects.none(),
        label=_("Models to draw from"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None marked: all that can answer."),
    )
    field_order = ("number", "overlap", "answers", "max_turns", "language", "priority", "cohort")

    def __init__(self, project: Project, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        del self.fields["category"]
        self.project = project
        self.fields["overlap"].initial = project.overlap
        self.fields["language"].initial = project.languages[0] if project.languages else ""
        self.fields["generators"].queryset = project.generators.filter(backend__in=LIVE)  # type: ignore[attr-defined]

    @property
    def brief(self) -> Brief:
        said = self.cleaned_data
        names = ("instruction", "system", "answers", "max_turns", "ranks", "must_rate")
        chosen = tuple(sorted(generator.pk for generator in said["generators"]))
        return Brief(**{name: said[name] for name in names}, generators=chosen)

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if (said.get("answers") or 0) > K_MIN and not said.get("ranks") and not self.project.allow_ties:
            self.add_error("ranks", _("This project allows no ties: more than two answers must be put in order."))
        return said
