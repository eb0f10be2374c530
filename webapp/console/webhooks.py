"""Who is told what happens in the project, and whether the messages arrive."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotation.models import Project
from webapp.console.access import SignedIn, managed, page
from workers import outgoing
from workers import webhooks as telling
from workers.models import Webhook, WebhookDelivery

SHOWN = 20


class WebhookForm(forms.Form):
    url = forms.URLField(
        label=gettext_lazy("Address"),
        max_length=500,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://example.org/hook"}),
        help_text=gettext_lazy("Begins with https:// and is on the public internet."),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Tell it when"),
        choices=Webhook.Event.choices,
        initial=Webhook.Event.values,
        widget=forms.CheckboxSelectMultiple,
    )


@login_required
@require_GET
def webhooks(request: SignedIn, slug: str) -> HttpResponse:
    return _page(request, managed(request, slug), WebhookForm())


def _page(
    request: SignedIn, project: Project, form: WebhookForm, *, status: int = 200, secret: str = ""
) -> HttpResponse:
    hooks = Webhook.objects.filter(project=project)
    sent = WebhookDelivery.objects.filter(webhook__project=project).select_related("webhook")[:SHOWN]
    return page(request, "webhooks", project, status=status, hooks=hooks, sent=sent, form=form, secret=secret)


@never_cache
@login_required
@require_POST
def webhook_add(request: SignedIn, slug: str) -> HttpResponse:
    """Make it and show its secret. No redirect: it would have to be kept somewhere in between."""
    project = managed(request, slug)
    form = WebhookForm(request.POST)
    if form.is_valid():
        try:
            _made, secret = telling.add(project=project, by=request.user, **form.cleaned_data)
            return _page(request, project, WebhookForm(), secret=secret)
        except (outgoing.NotAllowed, ValueError) as error:
            form.add_error("url", str(error))
    return _page(request, project, form, status=422)


@login_required
@require_POST
def webhook_remove(request: SignedIn, slug: str, pk: int) -> HttpResponseRedirect:
    telling.remove(webhook=_found(request, slug, pk), by=request.user)
    messages.success(request, _("The webhook is removed."))
    return redirect("webhooks", slug)


@login_required
@require_POST
def webhook_ping(request: SignedIn, slug: str, pk: int) -> HttpResponseRedirect:
    telling.ping(_found(request, slug, pk))
    messages.info(request, _("A test message is on its way: see below whether it arrives."))
    return redirect("webhooks", slug)


@login_required
@require_POST
def webhook_resend(request: SignedIn, slug: str, delivery_id: UUID) -> HttpResponseRedirect:
    project = managed(request, slug)
    telling.again(get_object_or_404(WebhookDelivery, pk=delivery_id, webhook__project=project))
    messages.info(request, _("The message is sent once more."))
    return redirect("webhooks", slug)


def _found(request: SignedIn, slug: str, pk: int) -> Webhook:
    project = managed(request, slug)
    return get_object_or_404(Webhook.objects.select_related("project"), pk=pk, project=project)
