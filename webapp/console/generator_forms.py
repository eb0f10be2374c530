from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.models import Generator, Project
from webapp.console.prompt_forms import best_of_field
from workers import best_of_n, generating, jobs
from workers.sentences import Sentence

LIVE = (Generator.Backend.TRANSFORMERS, Generator.Backend.OPENAI)
Answer = TypeVar("Answer")
SAMPLING = ("temperature", "top_p", "top_k", "max_new_tokens", "best_of")


class GeneratorForm(forms.Form):
    """A model that answers: where it is and how it is sampled. What is left empty is chosen for it."""

    name = forms.CharField(
        label=_("Name"), max_length=200, help_text=_("As it stands in tables; annotators never see it.")
    )
    backend = forms.ChoiceField(
        label=_("What it is"), choices=[(b.value, b.label) for b in LIVE], initial=LIVE[0], widget=forms.RadioSelect
    )
    location = forms.CharField(
        label=_("Where it is"),
        max_length=500,
        help_text=_("A folder or a GGUF file on the server, package:NAME, or the base URL of a server."),
    )
    model = forms.CharField(
        label=_("Model's name there"), max_length=200, required=False, help_text=_("For a server that has several.")
    )
    api_key_env = forms.RegexField(
        r"^[A-Z][A-Z0-9_]*_API_KEY$",
        label=_("Variable that holds its key"),
        max_length=100,
        required=False,
        help_text=_("The name of an environment variable of the workers, such as VLLM_API_KEY; never the key itself."),
    )
    temperature = forms.FloatField(label=_("Temperature"), required=False, min_value=0, max_value=10)
    top_p = forms.FloatField(label="top-p", required=False, min_value=0.01, max_value=1)
    top_k = forms.IntegerField(label="top-k", required=False, min_value=0, max_value=1_000_000)
    max_new_tokens = forms.IntegerField(
        label=_("Longest answer in tokens"), required=False, min_value=1, max_value=32_768
    )
    best_of = best_of_field()
    policy_iteration = forms.IntegerField(
        label=_("Policy iteration"),
        required=False,
        min_value=0,
        max_value=2**31 - 1,
        help_text=_("Which round of training it comes from; 0 or empty for a first model."),
    )

    def __init__(self, project: Project, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.project = project
        self.not_seen: Sentence | None = None  # why it is not seen from here, where a worker may have it all the same

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self.project.generators.filter(name=name).exists():
            raise forms.ValidationError(_("There is a model of this name already."))
        return name

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if {"backend", "location"} <= found.keys():
            self.not_seen = self._refusable("location", lambda: generating.check_generator(self.generator()))
        if found.get("best_of"):
            self._refusable("best_of", lambda: best_of_n.checked(self.project, found["best_of"]))
        return found

    def _refusable(self, field: str, check: Callable[[], Answer]) -> Answer | None:
        try:
            return check()
        except jobs.Refused as refusal:
            self.add_error(field, str(refusal))
            return None

    def generator(self) -> Generator:
        """What was entered, unsaved."""
        given = self.cleaned_data
        parameters = {name: given[name] for name in SAMPLING if given.get(name) is not None}
        if given["backend"] == Generator.Backend.OPENAI and given.get("api_key_env"):
            parameters["options"] = {"api_key_env": given["api_key_env"]}
        return Generator(
            project=self.project,
            name=given.get("name", ""),
            backend=given["backend"],
            location=given["location"],
            model=given.get("model", ""),
            parameters=parameters,
            policy_iteration=given.get("policy_iteration") or 0,
        )
