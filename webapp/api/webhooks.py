"""Who is told what happens in a project. For its managers."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from webapp.api.access import MANAGES, caller, object_for, project_for
from webapp.api.paging import NewestFirst
from webapp.api.schema import PROBLEMS, page_of
from workers import outgoing, webhooks
from workers.models import Webhook, WebhookDelivery


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    events = serializers.ListField(child=serializers.ChoiceField(choices=Webhook.Event.choices), min_length=1)

    class Meta:
        model = Webhook
        fields = ("id", "url", "events", "created_at")
        read_only_fields = ("created_at",)


class NewWebhookSerializer(WebhookSerializer):
    secret = serializers.CharField(read_only=True, help_text="Verifies the signatures. Shown this once.")

    class Meta(WebhookSerializer.Meta):
        fields = (*WebhookSerializer.Meta.fields, "secret")  # type: ignore[assignment]


class DeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    class Meta:
        model = WebhookDelivery
        fields = ("id", "event", "state", "tries", "status", "error", "due_at", "created_at")


@extend_schema(methods=["GET"], operation_id="webhooks_list", responses={200: WebhookSerializer(many=True), **PROBLEMS})
@extend_schema(methods=["POST"], request=WebhookSerializer, responses={201: NewWebhookSerializer, **PROBLEMS})
@api_view(["GET", "POST"])
def project_webhooks(request: Request, slug: str) -> Response:
    """The project's webhooks, ten at most; or a new one, with the secret that its signatures are checked by."""
    project = project_for(request, slug, MANAGES)
    if request.method == "GET":
        return Response(WebhookSerializer(Webhook.objects.filter(project=project), many=True).data)
    sent = WebhookSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    try:
        made, secret = webhooks.add(project=project, by=caller(request), **sent.validated_data)
    except (outgoing.NotAllowed, ValueError) as error:
        raise ValidationError({"url": [str(error)]}) from error
    return Response({**WebhookSerializer(made).data, "secret": secret}, status=201)


@extend_schema(methods=["DELETE"], request=None, responses={204: None, **PROBLEMS})
@extend_schema(methods=["GET"], operation_id="webhook_get", responses={200: WebhookSerializer, **PROBLEMS})
@api_view(["GET", "DELETE"])
def webhook(request: Request, pk: int) -> Response:
    """Read a webhook, or end it: what waits for it is forgotten."""
    found = _mine(request, pk)
    if request.method == "DELETE":
        webhooks.remove(webhook=found, by=caller(request))
        return Response(status=204)
    return Response(WebhookSerializer(found).data)


@extend_schema(responses={200: page_of(DeliverySerializer), **PROBLEMS})
@api_view(["GET"])
def deliveries(request: Request, pk: int) -> Response:
    """What was sent, newest first, and what became of it."""
    pages = NewestFirst()
    found = pages.paginate_queryset(WebhookDelivery.objects.filter(webhook=_mine(request, pk)), request)
    return pages.get_paginated_response(DeliverySerializer(found, many=True).data)


@extend_schema(request=None, responses={202: DeliverySerializer, **PROBLEMS})
@api_view(["POST"])
def ping(request: Request, pk: int) -> Response:
    """Send a message of type `ping`, to see whether one arrives."""
    return Response(_described(webhooks.ping(_mine(request, pk))), status=202)


@extend_schema(request=None, responses={202: DeliverySerializer, **PROBLEMS})
@api_view(["POST"])
def resend(request: Request, pk: int, delivery_id: UUID) -> Response:
    """Send a message once more, under the id that it had."""
    delivery = get_object_or_404(WebhookDelivery, pk=delivery_id, webhook=_mine(request, pk))
    webhooks.again(delivery)
    delivery.refresh_from_db()
    return Response(_described(delivery), status=202)


def _described(delivery: WebhookDelivery) -> Any:
    return DeliverySerializer(delivery).data


def _mine(request: Request, pk: int) -> Webhook:
    return object_for(request, Webhook.objects.visible_to(request.user).select_related("project"), MANAGES, pk=pk)
