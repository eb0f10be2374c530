"""API tokens: made here, shown once, kept as a hash (knox), revoked here."""

from collections.abc import Sequence
from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from knox.models import AuthToken

from annotation.models import Person, Project
from annotation.models.audit import record
from webapp.accounts.forms import TokenForm
from webapp.models import TokenGrant
from webapp.requests import SignedIn


@require_safe
@login_required
def tokens(request: SignedIn) -> HttpResponse:
    return render(request, "accounts/tokens.html", {"form": TokenForm(person=request.user), "tokens": _valid(request)})


@never_cache
@require_POST
@login_required
def create(request: SignedIn) -> HttpResponse:
    """Make a token and show it. No redirect: it would have to be kept somewhere in between."""
    form = TokenForm(request.POST, person=request.user)
    if not form.is_valid():
        return render(request, "accounts/tokens.html", {"form": form, "tokens": _valid(request)}, status=422)
    chosen = form.cleaned_data
    made, token = make_token(
        person=request.user,
        lifetime=form.lifetime(),
        name=chosen["name"],
        project=chosen["project"],
        rights=chosen["rights"],
    )
    context = {"form": TokenForm(person=request.user), "tokens": _valid(request), "token": token, "made": made}
    return render(request, "accounts/tokens.html", context)


@require_POST
@login_required
def revoke(request: SignedIn, key: str) -> HttpResponse:
    get_object_or_404(_valid(request), token_key=key.replace("\0", "")).delete()
    record("token.revoke", actor=request.user, subject=key)
    messages.success(request, _("The token is revoked: it works no longer."))
    return redirect("tokens")


def make_token(
    *, person: Person, lifetime: timedelta | None, name: str, project: Project | None, rights: Sequence[str]
) -> tuple[AuthToken, str]:
    """A token for what is said here, and its text, which cannot be read again. `lifetime` None: until revoked."""
    with transaction.atomic():
        made, token = AuthToken.objects.create(person, expiry=lifetime)
        TokenGrant.objects.create(token=made, name=name, project=project, rights=list(rights))
        record("token.create", actor=person, project=project, subject=made.token_key, name=name, rights=list(rights))
    return made, token


def _valid(request: SignedIn) -> "QuerySet[AuthToken]":
    in_time = Q(expiry=None) | Q(expiry__gt=timezone.now())
    mine: QuerySet[AuthToken] = (
        AuthToken.objects.filter(in_time, user=request.user).select_related("grant__project").order_by("-created")
    )
    return mine
