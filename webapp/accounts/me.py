"""One's own account: profile, language, theme, security."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from webapp.accounts.forms import ProfileForm
from webapp.requests import SignedIn
from webapp.templatetags.ui import THEME_COOKIE, THEMES

A_YEAR_S = 365 * 24 * 3600


@login_required
def me(request: SignedIn) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("me")
    return render(request, "accounts/me.html", {"form": form})


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark in this browser; anything else leaves it to the system."""
    response = redirect(_next(request))
    if (chosen := request.POST.get("theme")) in THEMES:
        response.set_cookie(
            THEME_COOKIE, chosen, max_age=A_YEAR_S, samesite="Lax", secure=settings.HTTPS, httponly=True
        )
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response


def _next(request: HttpRequest) -> str:
    """Where the form was, unless that is somewhere else than here."""
    asked = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if is_ours else "home"
