from datetime import timedelta

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from annotation.models import Person

LIFETIMES = (7, 30, 90, 365)


class NewPersonForm(UserCreationForm):  # type: ignore[type-arg]
    """What somebody who follows an invitation chooses: how to sign in, and what to be called."""

    class Meta:
        model = Person
        fields = ("username", "display_name")
        widgets = {"username": forms.TextInput(attrs={"autocomplete": "username"})}
        labels = {"username": _("User name"), "display_name": _("Your name, as others see it")}
        help_texts = {"username": _("Letters, digits and @ . + - _")}


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Person
        fields = ("display_name", "email")
        labels = {"display_name": _("Name"), "email": _("E-mail")}
        help_texts = {"display_name": _("What others in your projects see. Empty: your user name.")}


class TokenForm(forms.Form):
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        empty_value=None,
        required=False,
        initial=90,
        choices=[
            *((days, ngettext_lazy("%(days)d day", "%(days)d days", days) % {"days": days}) for days in LIFETIMES),
            ("", _("No end")),
        ],
    )

    def lifetime(self) -> timedelta | None:
        """How long the new token lives; None: until somebody revokes it."""
        days = self.cleaned_data["days"]
        return timedelta(days=days) if days else None
