"""What a project does to be able to trust its judgements; and for whom tasks are kept."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation import cohorts
from annotation.models import Project


class PercentField(forms.FloatField):
    """A share that people enter in percent."""

    def __init__(self, *, most: int = 100, **options: Any):
        super().__init__(min_value=0, max_value=most, **options)
        self.widget.attrs["step"] = "any"

    def prepare_value(self, value: Any) -> Any:
        return f"{100 * value:.6g}" if isinstance(value, float) else value

    def clean(self, value: Any) -> float | None:
        percent = super().clean(value)
        return None if percent is None else round(percent / 100, 8)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(None if initial is None else round(100 * initial, 6), data)


class TrustForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    gold_share = PercentField(
        label=gettext_lazy("Share of gold tasks, in percent"),
        most=50,
        help_text=gettext_lazy("How much of everybody's work is gold, mixed in unseen. 5 is a good start; 0: none."),
    )
    agreement_floor = PercentField(
        label=gettext_lazy("Agreement to reach, in percent"),
        help_text=gettext_lazy("Share of pairs of answers that the judges of a task must order alike."),
    )
    qualification_pass = PercentField(
        label=gettext_lazy("Pass mark, in percent"),
        help_text=gettext_lazy("Share of pairs in the right order, over all tasks of the round; a tie counts half."),
    )

    class Meta:
        model = Project
        fields = (
            "max_overlap",
            "agreement_floor",
            "gold_share",
            "qualification_tasks",
            "qualification_pass",
            "qualification_tries",
            "show_agreement",
        )
        labels = {
            "max_overlap": gettext_lazy("People per task at most"),
            "qualification_tasks": gettext_lazy("Tasks of the qualification round"),
            "qualification_tries": gettext_lazy("Tries"),
            "show_agreement": gettext_lazy("Annotators see how often others agree with them"),
        }
        help_texts = {
            "max_overlap": gettext_lazy(
                "A task whose judges agree too little gets one more, up to so many, and then goes to review. "
                "Empty: nobody is added."
            ),
            "qualification_tasks": gettext_lazy(
                "Each new annotator judges so many gold tasks first, each explained. 0: no qualification."
            ),
            "qualification_tries": gettext_lazy("After these a manager decides."),
        }

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        most = found.get("max_overlap")
        if most is not None and most < self.instance.overlap:
            words = _("Each task is for %(n)d people already: enter at least as many, or nothing.")
            self.add_error("max_overlap", words % {"n": self.instance.overlap})
        return found


class CohortForm(forms.Form):
    """Which open tasks are kept for whom; the names are those of `cohorts.keep_tasks`."""

    cohort = forms.CharField(
        label=gettext_lazy("Keep for the cohort"),
        required=False,
        max_length=cohorts.LONGEST,
        help_text=gettext_lazy("Only its members get these tasks. Empty: everybody gets them again."),
    )
    category = forms.ChoiceField(label=gettext_lazy("Of prompts in the category"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("and in the language"), required=False)

    def __init__(self, categories: list[str], languages: list[str], *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name, values in (("category", categories), ("language", languages)):
            choices = [("", _("any")), *((value, value) for value in values if value)]
            self.fields[name].choices = choices  # type: ignore[attr-defined]
