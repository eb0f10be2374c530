from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.splitting import SPLITS
from exports.models import Snapshot
from webapp.api import links

HOURS = ((1, _("an hour")), (24, _("a day")), (24 * 7, _("a week")), (links.MOST_HOURS, _("30 days")))


def _place(name: str) -> tuple[str, int, str]:
    """Format by format, in each the split to train on first."""
    form, _slash, rest = name.partition("/")
    return form, SPLITS.index(rest.partition(".")[0].partition("-")[0]), rest


class LinkForm(forms.Form):
    """Which file, for how long."""

    file = forms.ChoiceField(label=_("File"))
    hours = forms.TypedChoiceField(label=_("Good for"), choices=HOURS, coerce=int, initial=24)

    def __init__(self, *args: Any, snapshot: Snapshot, **kwargs: Any):
        super().__init__(*args, **kwargs)
        names = sorted(snapshot.manifest.get("files", {}), key=_place)
        self.fields["file"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


class PushForm(forms.Form):
    """Where to."""

    repository = forms.CharField(
        label=_("Repository"),
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": "OWNER/NAME", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("It is made if need be; what it holds of an earlier snapshot goes."),
    )
    private = forms.BooleanField(label=_("Private, if it is made"), required=False, initial=True)
