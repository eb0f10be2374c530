"""Webhooks: addresses that are told what happens in a project. Messages and signatures as Standard Webhooks has them.

A message is a row, written in the transaction of what it tells of; Celery only wakes it, and beat does where that was
lost. It may arrive twice, always with the same `webhook-id`.
See https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
"""

import base64
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from annotation.models import Person, Project
from annotation.models.audit import record
from workers import outgoing
from workers.models import Job, Webhook, WebhookDelivery
from workers.sentences import Sentence, stored

logger = logging.getLogger(__name__)
PING = "ping"
# Pauses between the tries: ten tries over some three days, quick at first, for a receiver that is being restarted.
PAUSES_S = (10, 60, 300, 1800, 7200, 21600, 43200, 86400, 86400)
CLAIM_S = 60  # a try takes less; whoever claimed it and did not come back has lost it
MOST_A_PROJECT = 10


def add(*, project: Project, url: str, events: Sequence[str], by: Person) -> tuple[Webhook, str]:
    """A webhook and its secret, which is shown once. Raises `outgoing.NotAllowed`, and `ValueError` for a sentence."""
    outgoing.check(url)
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        there = Webhook.objects.filter(project=project)
        if there.filter(url=url).exists():
            raise ValueError(_("This project tells that address already."))
        if there.count() >= MOST_A_PROJECT:
            words = _("A project has at most %(most)d webhooks: remove one first.")
            raise ValueError(words % {"most": MOST_A_PROJECT})
        made = Webhook.objects.create(
            project=project, url=url, events=sorted(set(events)), nonce=secrets.token_hex(16), created_by=by
        )
        record("webhook.add", actor=by, project=project, subject=made.pk, url=url, events=made.events)
    return made, f"whsec_{base64.b64encode(_secret(made)).decode()}"


def remove(*, webhook: Webhook, by: Person) -> None:
    with transaction.atomic():
        record("webhook.remove", actor=by, project=webhook.project, subject=webhook.pk, url=webhook.url)
        webhook.delete()


def _secret(webhook: Webhook) -> bytes:
    """Derived from the server's key: who reads the database alone cannot sign."""
    return salted_hmac("workers.webhooks", webhook.nonce, algorithm="sha256").digest()


def tell(project: Project, event: str, data: dict[str, Any]) -> None:
    """Write a message to every webhook that wants it; they are sent when the transaction is committed."""
    for webhook in Webhook.objects.filter(project=project, is_active=True, events__contains=[event]):
        _write(webhook, event, {"project": project.slug, **data})


def ping(webhook: Webhook) -> WebhookDelivery:
    """A message that says nothing, to see whether one arrives."""
    return _write(webhook, PING, {"project": webhook.project.slug})


def _write(webhook: Webhook, event: str, data: dict[str, Any]) -> WebhookDelivery:
    now = timezone.now()
    body = orjson.dumps({"type": event, "timestamp": now.isoformat(), "data": data}).decode()
    made = WebhookDelivery.objects.create(webhook=webhook, event=event, body=body, due_at=now)
    transaction.on_commit(lambda: _wake(made.pk))
    return made


def tell_of_job(project: Project, job_id: UUID, state: str, fields: dict[str, Any]) -> None:
    """What a job's end means to those outside: something new to fetch, or somebody has to look."""
    result = fields.get("result") or {}
    if state == Job.State.FAILED:
        tell(project, Webhook.Event.FAILED, {"job": str(job_id), "error": fields["error"]})
    for name, event in (("snapshot", Webhook.Event.SNAPSHOT), ("reward_model", Webhook.Event.REWARD_MODEL)):
        if state == Job.State.SUCCEEDED and name in result:
            tell(project, event, {"job": str(job_id), **result})


def again(delivery: WebhookDelivery) -> None:
    """Send a message once more, whatever became of it."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state=WebhookDelivery.State.WAITING, tries=0, due_at=timezone.now(), error="", error_words=None
    )
    transaction.on_commit(lambda: _wake(delivery.pk))


def wake_due(limit: int = 200) -> int:
    """Wake messages whose time has come; answers how many. Called by beat."""
    due = WebhookDelivery.objects.filter(state=WebhookDelivery.State.WAITING, due_at__lte=timezone.now())
    ids = list(due.order_by("due_at").values_list("pk", flat=True)[:limit])
    for pk in ids:
        _wake(pk)
    return len(ids)


def _wake(pk: UUID) -> None:
    from workers.tasks import deliver_webhook  # the Celery side knows this module, not the other way round

    try:
        deliver_webhook.apply_async(args=[str(pk)], retry=False)
    except deliver_webhook.OperationalError:
        logger.warning("the broker is away; message %s waits for beat", pk)


def deliver(delivery_id: str) -> None:
    """Send a message that is due, and write down how that went."""
    delivery = _claimed(delivery_id)
    if delivery is None:
        return
    status, error = _sent(delivery)
    if status is not None and 200 <= status < 300:
        over: dict[str, Any] = {"state": WebhookDelivery.State.ARRIVED, "due_at": None}
    elif delivery.tries > len(PAUSES_S) or status == 410:  # Gone: the receiver wants no more of it
        over = {"state": WebhookDelivery.State.GIVEN_UP, "due_at": None}
    else:
        over = {"due_at": timezone.now() + timedelta(seconds=PAUSES_S[delivery.tries - 1])}
    mine = WebhookDelivery.objects.filter(pk=delivery.pk, tries=delivery.tries, state=WebhookDelivery.State.WAITING)
    kept = stored(error)
    mine.update(status=status, error=kept["error"][:300], error_words=kept["error_words"], **over)


def _claimed(delivery_id: str) -> WebhookDelivery | None:
    """The message, with one try more; None when it is not due, or somebody else's just now."""
    now = timezone.now()
    due = WebhookDelivery.objects.filter(pk=delivery_id, state=WebhookDelivery.State.WAITING, due_at__lte=now)
    if not due.update(tries=F("tries") + 1, due_at=now + timedelta(seconds=CLAIM_S)):
        return None
    return WebhookDelivery.objects.select_related("webhook__project").get(pk=delivery_id)


def _sent(delivery: WebhookDelivery) -> tuple[int | None, Sentence]:
    """The answer's status, or None and what went wrong."""
    body = delivery.body.encode()
    try:
        status = outgoing.post(delivery.webhook.url, body, signed(delivery.webhook, str(delivery.pk), body))
    except outgoing.NotAllowed as refusal:
        return None, refusal.sentence
    except OSError as error:
        return None, Sentence("No answer: %(why)s", why=error)
    return status, Sentence("") if 200 <= status < 300 else Sentence("The receiver answered %(status)d.", status=status)


def signed(webhook: Webhook, message_id: str, body: bytes) -> dict[str, str]:
    """Standard Webhooks' headers: HMAC-SHA256 over `id.timestamp.body`, in base64 behind `v1,`."""
    stamp = str(int(time.time()))
    content = b".".join([message_id.encode(), stamp.encode(), body])
    signature = base64.b64encode(hmac.new(_secret(webhook), content, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}
