from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from annotation.models import Generator, Project, Prompt
from webapp.console.pasting import READERS
from workers import best_of_n
from workers.generating import TEMPERATURES

MAX_TEMPERATURES = 64


class Temperatures(forms.CharField):
    """Numbers with commas between; empty means the generator's own. Answers a list of floats or None."""

    def __init__(self) -> None:
        usual = ", ".join(map(str, TEMPERATURES))
        super().__init__(
            label=_("Temperatures"),
            required=False,
            max_length=400,
            widget=forms.TextInput(attrs={"placeholder": usual, "inputmode": "decimal"}),
            help_text=_("Used in turn for a prompt's answers; 0 always takes the likeliest word."),
        )

    def clean(self, value: Any) -> list[float] | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            numbers = [float(part) for part in text.replace(";", ",").replace("，", ",").split(",") if part.strip()]
        except ValueError:
            raise forms.ValidationError(_("Numbers with commas between, such as 0.3, 0.7, 1.0.")) from None
        if not 1 <= len(numbers) <= MAX_TEMPERATURES or not all(0 <= number <= 10 for number in numbers):
            raise forms.ValidationError(_("Each temperature is between 0 and 10."))
        return numbers


def best_of_field() -> forms.IntegerField:
    return forms.IntegerField(
        label=_("Best of"),
        required=False,
        min_value=1,
        max_value=best_of_n.MOST,
        help_text=_("Draw so many for each answer and show the one that the reward model scores highest. Empty: one."),
    )


class GenerateForm(forms.Form):
    """Which model answers, and how; everything may be left out."""

    generator = forms.ModelChoiceField(Generator.objects.none(), label=_("Model"), required=False)
    temperatures = Temperatures()
    best_of = best_of_field()
    prompt = forms.ModelChoiceField(Prompt.objects.none(), required=False, widget=forms.HiddenInput)

    def __init__(self, project: Project, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        set_generators(self.fields["generator"], project)
        self.fields["prompt"].queryset = Prompt.objects.filter(project=project)  # type: ignore[attr-defined]


def set_generators(field: Any, project: Project) -> None:
    live = [Generator.Backend.TRANSFORMERS, Generator.Backend.OPENAI]
    field.queryset = project.generators.filter(backend__in=live)
    field.empty_label = _("The newest one, or the built-in model")


class PromptsForm(forms.Form):
    """New prompts, pasted or in a file."""

    text = forms.CharField(
        label=_("Paste prompts"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 9, "dir": "auto", "class": "foreign"}),
    )
    separated = forms.ChoiceField(
        label=_("What separates them"),
        choices=[("line", _("One prompt a line")), ("blank", _("A blank line between prompts"))],
        initial="line",
        widget=forms.RadioSelect,
    )
    file = forms.FileField(
        label=_("Or choose a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ",".join(READERS)}),
        help_text=_(
            "CSV with a column “prompt”, or JSON Lines with “prompt” or “messages”; "
            "“language” and “category” where there are any."
        ),
    )
    language = forms.CharField(
        label=_("Language"), required=False, max_length=16, help_text=_("A code such as en or zh, for all of them.")
    )
    category = forms.CharField(label=_("Category"), required=False, max_length=60)
    different = forms.BooleanField(label=_("I have read them: add the prompts all the same"), required=False)
    good_rows = forms.BooleanField(label=_("Take the good rows even if others are bad"), required=False)
    answer = forms.BooleanField(label=_("Have a model answer them right away"), required=False, initial=True)
    generator = forms.ModelChoiceField(Generator.objects.none(), label=_("Model"), required=False)
    temperatures = Temperatures()

    def __init__(self, project: Project, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        set_generators(self.fields["generator"], project)

    def clean_file(self) -> "UploadedFile[Any] | None":
        file: UploadedFile[Any] | None = self.cleaned_data["file"]
        if file and not (file.name or "").lower().endswith(tuple(READERS)):
            raise forms.ValidationError(_("The file's name must end in one of: %s.") % ", ".join(READERS))
        return file

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        given = [bool((found.get("text") or "").strip()), bool(found.get("file"))]
        if "file" in found and not any(given):
            raise forms.ValidationError(_("Paste some prompts or choose a file."))
        if all(given):
            raise forms.ValidationError(_("Either paste prompts or choose a file, not both at once."))
        return found


class FilterForm(forms.Form):
    """What the list of prompts shows."""

    category = forms.ChoiceField(label=_("Category"), required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All")),
            ("lacking", _("Lack answers")),
            ("open", _("Open to rank")),
            ("judged", _("Judged")),
            ("pending", _("Waiting for review")),
            ("rejected", _("Rejected")),
            ("demonstrated", _("Demonstrated")),
            ("undemonstrated", _("Without a demonstration")),
        ],
    )

    def __init__(self, categories: list[str], languages: list[str], *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name, values in (("category", categories), ("language", languages)):
            self.fields[name].choices = [("", _("All")), *((v, v) for v in values if v)]  # type: ignore[attr-defined]
