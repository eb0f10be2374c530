from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.utils.translation import gettext_lazy as _

from annotation.models import Membership, Role


class InvitationForm(forms.Form):
    """What a new invitation allows; the names are those of `projects.invite`."""

    role = forms.ChoiceField(
        label=_("Role"),
        choices=[choice for choice in Role.choices if choice[0] != Role.OWNER],
        initial=Role.ANNOTATOR,
    )
    uses = forms.IntegerField(label=_("How many people may use it"), min_value=1, max_value=1000, initial=1)
    days = forms.IntegerField(label=_("Days until it expires"), min_value=1, max_value=90, initial=7)


class RoleForm(forms.Form):
    """A member's role, of those that somebody with `giver`'s role may hand out: only an owner makes owners."""

    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, giver: str, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            choice for choice in Role.choices if giver == Role.OWNER or choice[0] != Role.OWNER
        ]


class ReachForm(forms.Form):
    """What a member may get; the names are those of `projects.set_reach`."""

    languages = SimpleArrayField(
        forms.CharField(max_length=16),
        label=_("Languages"),
        required=False,
        max_length=20,
        help_text=_("Codes with commas between, as en, zh. Empty: every language."),
    )
    cohorts = SimpleArrayField(
        forms.CharField(max_length=60),
        label=_("Cohorts"),
        required=False,
        max_length=50,
        help_text=_("Names with commas between. Members of a cohort also get the tasks that are kept for it."),
    )

    @classmethod
    def of(cls, member: Membership) -> "ReachForm":
        return cls(initial={"languages": member.languages, "cohorts": member.cohorts})
