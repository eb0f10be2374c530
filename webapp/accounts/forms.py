from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from annotation.models import Person, Project
from webapp.models import Right
from webapp.rendering.plain import showable

LIFETIMES = (7, 30, 90, 365)


def _lifetimes() -> list[tuple[int | str, Any]]:
    """Made anew for each form: a number is put into words when it is, in the language of that moment."""
    numbered = [(days, ngettext("%(days)d day", "%(days)d days", days) % {"days": days}) for days in LIFETIMES]
    return [*numbered, ("", _("No end"))]


class NewPersonForm(UserCreationForm):  # type: ignore[type-arg]
    """What somebody who follows an invitation chooses: how to sign in, and what to be called."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["display_name"].validators.append(showable)

    class Meta:
        model = Person
        fields = ("username", "display_name")
        widgets = {"username": forms.TextInput(attrs={"autocomplete": "username"})}
        labels = {"username": _("Username"), "display_name": _("Your name, as others see it")}
        help_texts = {"username": _("Letters, digits and @ . + - _")}


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["display_name"].validators.append(showable)

    class Meta:
        model = Person
        fields = ("display_name", "email")
        labels = {"display_name": _("Name"), "email": _("E-mail")}
        help_texts = {"display_name": _("What others in your projects see. Empty: your username.")}


class TokenForm(forms.Form):
    """What a new token is for. Nothing ticked would be a token for nothing."""

    name = forms.CharField(
        label=_("What it is for"),
        max_length=80,
        required=False,
        help_text=_("A name to tell it by, such as a machine's."),
    )
    project = forms.ModelChoiceField(
        label=_("Project"), queryset=Project.objects.none(), required=False, empty_label=_("All of mine")
    )
    rights = forms.MultipleChoiceField(
        label=_("May"), choices=Right.choices, initial=Right.values, widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        empty_value=None,
        required=False,
        initial=90,
        choices=_lifetimes,
    )

    def __init__(self, *args: Any, person: Person, **kwargs: Any):
        super().__init__(*args, **kwargs)
        projects = self.fields["project"]
        assert isinstance(projects, forms.ModelChoiceField)
        projects.queryset = Project.objects.visible_to(person).order_by("name")

    def lifetime(self) -> timedelta | None:
        """How long the new token lives; None: until somebody revokes it."""
        days = self.cleaned_data["days"]
        return timedelta(days=days) if days else None
