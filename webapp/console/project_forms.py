from typing import Any

from django import forms
from django.conf import settings
from django.contrib.postgres.forms import SimpleArrayField
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from annotation.models import Project
from annotation.presets import PRESETS
from webapp.rendering.plain import showable
from workers import jobs, model_roots

MAX_GUIDELINE = 200_000


def languages_field() -> SimpleArrayField:
    return SimpleArrayField(
        forms.CharField(max_length=16),
        label=_("Languages"),
        required=False,
        max_length=20,
        help_text=_("Codes with commas between, such as en, zh."),
    )


class NewProjectForm(forms.Form):
    """A name and a preset; all the rest can be changed later but the short name."""

    name = forms.CharField(label=_("Name"), max_length=200, validators=[showable])
    slug = forms.SlugField(
        label=_("Short name"),
        max_length=60,
        required=False,
        help_text=_("Part of every link, and never changed: letters, digits and hyphens. Made from the name if empty."),
    )
    preset = forms.ChoiceField(
        label=_("Start from"),
        choices=[(p.key, p.name) for p in PRESETS.values()],
        initial="custom",
        widget=forms.RadioSelect,
    )
    languages = languages_field()

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        slug = found.get("slug") or slugify(found.get("name", ""))[:60].strip("-")
        if "name" in found and "slug" in found and not slug:
            self.add_error("slug", _("The name has no letters that a link can hold: choose a short name."))
        elif Project.objects.filter(slug=slug).exists():
            self.add_error("slug", _("There is a project with this short name already."))
        return {**found, "slug": slug}


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """What a manager may change."""

    languages = languages_field()

    class Meta:
        model = Project
        fields = (
            "name",
            "languages",
            "license",
            "k",
            "overlap",
            "lease_minutes",
            "daily_cap",
            "allow_ties",
            "allow_unranked",
            "auto_tasks",
            "retrain_every",
            "retrain_hours",
            "retrain_at",
            "retrain_below",
            "reward_base",
            "next_strategy",
        )
        help_texts = {
            "license": _(
                "Of what is exported, as the Hugging Face hub names it: cc-by-4.0, mit, other … It stands on the "
                "dataset card of every snapshot from now on. Empty: none is stated."
            ),
            "k": _("How many answers a person ranks at once. Tasks that exist keep theirs."),
            "overlap": _("How many people judge each new task."),
            "lease_minutes": _("How long a task is kept for somebody who is not active."),
            "daily_cap": _("Empty: no limit."),
            "retrain_every": _("Empty: only when a manager says so."),
            "retrain_hours": _("As long as there are new rankings. Empty: not by the hour."),
            "retrain_at": _("A time of day, by the server's clock, as in 02:30. Empty: not by the day."),
            "retrain_below": _(
                "A share of pairs from 0.5 to 1, as in 0.6: people and model have parted ways. Empty: never for that."
            ),
            "reward_base": _("A folder on the server, or package:NAME. Empty: the built-in encoder."),
            "next_strategy": _(
                "Which open tasks people are given first, and which K of a prompt's answers are compared. "
                "The model chooses anew after each scoring."
            ),
        }
        widgets = {"retrain_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["name"].validators.append(showable)
        self.fields["reward_base"].widget.attrs["placeholder"] = settings.DEFAULT_REWARD_BASE

    def clean_reward_base(self) -> str:
        base: str = self.cleaned_data["reward_base"]
        try:
            if base and base != self.initial.get("reward_base"):
                model_roots.check_base(base)
        except jobs.Refused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return base


class GuidelineForm(forms.Form):
    """The guideline's text; its name is apart from the settings', because it has versions."""

    text = forms.CharField(
        label=_("Guideline"),
        max_length=MAX_GUIDELINE,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 18, "class": "foreign code", "dir": "auto"}),
        help_text=_("Markdown. Each change makes a new version; annotators are told that it changed."),
    )
