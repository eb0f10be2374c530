"""Somebody's server hears of what happened: once it was committed, signed, and again until it answers."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from annotation.models import Person, Project, Task
from workers import jobs, milestones, webhooks
from workers.models import Job, Webhook, WebhookDelivery

Fill = Callable[[int], None]


class Receiver(ThreadingHTTPServer):
    """Answers with `status` and keeps what came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 204
        self.came: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def add(project: Project, owner: Person, url: str, *events: str) -> tuple[Webhook, str]:
    return webhooks.add(project=project, url=url, events=events or Webhook.Event.values, by=owner)


def send_all() -> None:
    """What a worker does, now."""
    for delivery in WebhookDelivery.objects.filter(state="waiting"):
        WebhookDelivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now() - timedelta(seconds=1))
        webhooks.deliver(str(delivery.pk))


def test_it_works(project: Project, owner: Person, receiver: Receiver) -> None:
    _, secret = add(project, owner, receiver.url)
    webhooks.tell(project, Webhook.Event.SNAPSHOT, {"snapshot": 7})
    send_all()
    [(headers, body)] = receiver.came
    said = json.loads(body)
    assert said["type"] == "snapshot.ready"
    assert said["data"] == {"project": "letters", "snapshot": 7}
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    right = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{right}"
    assert WebhookDelivery.objects.get().state == WebhookDelivery.State.ARRIVED


def test_the_secret_is_not_in_the_database(project: Project, owner: Person, receiver: Receiver) -> None:
    webhook, secret = add(project, owner, receiver.url)
    assert secret.removeprefix("whsec_") not in json.dumps(Webhook.objects.values().get(), default=str)
    assert secret != webhook.nonce


def test_only_what_was_asked_for(project: Project, owner: Person, receiver: Receiver) -> None:
    add(project, owner, receiver.url, Webhook.Event.FAILED)
    webhooks.tell(project, Webhook.Event.SNAPSHOT, {})
    assert not WebhookDelivery.objects.exists()


def test_a_receiver_that_is_down_hears_of_it_later(project: Project, owner: Person, receiver: Receiver) -> None:
    add(project, owner, receiver.url)
    receiver.status = 503
    webhooks.tell(project, Webhook.Event.SNAPSHOT, {})
    send_all()
    waiting = WebhookDelivery.objects.get()
    assert (waiting.state, waiting.tries, waiting.status) == ("waiting", 1, 503)
    assert waiting.due_at is not None
    assert waiting.due_at > timezone.now()
    webhooks.deliver(str(waiting.pk))  # not yet due: nothing is sent
    assert len(receiver.came) == 1
    receiver.status = 200
    send_all()
    assert WebhookDelivery.objects.get().state == "arrived"
    first, second = receiver.came
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert first[1] == second[1]


def test_one_that_never_answers_is_given_up(project: Project, owner: Person, receiver: Receiver) -> None:
    add(project, owner, receiver.url)
    receiver.status = 500
    webhooks.tell(project, Webhook.Event.SNAPSHOT, {})
    for _ in range(len(webhooks.PAUSES_S) + 1):
        assert WebhookDelivery.objects.get().state == "waiting"
        send_all()
    assert WebhookDelivery.objects.get().state == "given_up"


def test_a_redirect_is_not_followed(project: Project, owner: Person, receiver: Receiver) -> None:
    add(project, owner, receiver.url)
    receiver.status = 302
    webhooks.tell(project, Webhook.Event.SNAPSHOT, {})
    send_all()
    assert len(receiver.came) == 1
    assert WebhookDelivery.objects.get().state == "waiting"


def test_two_workers_send_it_once(project: Project, owner: Person, receiver: Receiver) -> None:
    add(project, owner, receiver.url)
    webhooks.tell(project, Webhook.Event.SNAPSHOT, {})
    delivery = WebhookDelivery.objects.get()
    webhooks.deliver(str(delivery.pk))
    webhooks.deliver(str(delivery.pk))
    assert len(receiver.came) == 1


def test_nothing_is_told_of_what_did_not_happen(
    project: Project, owner: Person, receiver: Receiver,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:  # fmt: skip
    add(project, owner, receiver.url)
    with django_capture_on_commit_callbacks() as callbacks:
        webhooks.tell(project, Webhook.Event.SNAPSHOT, {})
    assert callbacks
    assert not receiver.came


def test_the_end_of_a_job_is_told(project: Project, owner: Person, receiver: Receiver) -> None:
    add(project, owner, receiver.url)
    job = Job.objects.create(kind=Job.Kind.SNAPSHOT, queue="export", project=project, created_by=owner, arguments={})
    job.arguments = {"query": {"formats": ["no such format"]}}
    job.save()
    jobs.run(str(job.pk))
    assert WebhookDelivery.objects.get().event == "job.failed"


def test_a_milestone_is_told_once(project: Project, owner: Person, receiver: Receiver, fill: Fill) -> None:
    add(project, owner, receiver.url)
    milestones.look()
    assert not WebhookDelivery.objects.exists()
    fill(4)
    Task.objects.filter(pk__in=Task.objects.values("pk")[:2]).update(taken=1, judged=1)
    milestones.look()
    milestones.look()
    assert json.loads(WebhookDelivery.objects.get().body)["data"]["percent"] == 50
