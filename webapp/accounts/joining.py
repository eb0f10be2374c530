"""An invitation link: who is new chooses a user name and a password, who is signed in just joins."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.backends import ModelBackend
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from annotation.models import Invitation, Person
from annotation.projects import accept_invitation
from webapp.accounts.forms import NewPersonForm


class NoLongerValid(Exception):
    """Somebody else used the invitation up while the form was being filled in."""


@never_cache
@sensitive_post_parameters("password1", "password2")
def join(request: HttpRequest, token: str) -> HttpResponse:
    invitation = Invitation.objects.usable(token).select_related("project", "created_by").first()
    if invitation is None:
        return render(request, "accounts/invitation_over.html", status=404)
    form = NewPersonForm(request.POST or None)
    if request.method == "POST" and (request.user.is_authenticated or form.is_valid()):
        return _accept(request, token, form)
    return render(request, "accounts/join.html", {"invitation": invitation, "form": form})


def _accept(request: HttpRequest, token: str, form: NewPersonForm) -> HttpResponse:
    try:
        with transaction.atomic():
            is_new = not request.user.is_authenticated
            person = form.save() if is_new else cast(Person, request.user)
            project = accept_invitation(token=token, person=person)
            if project is None:
                raise NoLongerValid
    except NoLongerValid:
        return render(request, "accounts/invitation_over.html", status=404)
    if is_new:
        login(request, person, backend=f"{ModelBackend.__module__}.{ModelBackend.__qualname__}")
    messages.success(request, _("Welcome to %(project)s.") % {"project": project.name})
    return redirect("project", project.slug)
