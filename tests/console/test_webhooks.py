"""A manager adds an address, sees its secret once, and whether messages arrive; the audit log says who did it."""

from collections.abc import Callable

from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from annotation.models import AuditEvent, Person, Project
from annotation.models.audit import record
from workers import webhooks
from workers.models import Webhook, WebhookDelivery

SignedIn = Callable[[Person], Client]
Api = Callable[[Person], APIClient]
PAGE = "/p/letters/settings/webhooks/"
URL = "http://127.0.0.1:9/hook"


def test_it_works(settings: Settings, signed_in: SignedIn, owner: Person, project: Project) -> None:
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    client = signed_in(owner)
    added = client.post(f"{PAGE}add/", {"url": URL, "events": ["snapshot.ready"]}).content.decode()
    assert "whsec_" in added
    hook = Webhook.objects.get()
    client.post(f"{PAGE}{hook.pk}/ping/")
    shown = client.get(PAGE).content.decode()
    assert "whsec_" not in shown
    assert "ping" in shown
    client.post(f"{PAGE}messages/{WebhookDelivery.objects.get().pk}/")
    client.post(f"{PAGE}{hook.pk}/remove/")
    assert not Webhook.objects.exists()
    log = client.get("/p/letters/settings/audit/").content.decode()
    assert "webhook.add" in log
    assert "webhook.remove" in log


def test_others_find_nothing(signed_in: SignedIn, annotator: Person, viewer: Person, outsider: Person) -> None:
    for person in (annotator, viewer, outsider):
        client = signed_in(person)
        assert client.get(PAGE).status_code == 404
        assert client.post(f"{PAGE}add/", {"url": "https://198.41.0.4/"}).status_code == 404
        assert client.get("/p/letters/settings/audit/").status_code == 404


def test_an_address_in_the_house_is_refused(signed_in: SignedIn, owner: Person, project: Project) -> None:
    refused = signed_in(owner).post(f"{PAGE}add/", {"url": "https://127.0.0.1/", "events": ["snapshot.ready"]})
    assert refused.status_code == 422
    assert "not on the public internet" in refused.content.decode()


def test_the_log_is_read_page_by_page(
    signed_in: SignedIn, owner: Person, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(130):
        record("test.event", actor=owner, project=project, subject=number, text="<b>")
    client = signed_in(owner)
    with django_assert_max_num_queries(12):
        first = client.get("/p/letters/settings/audit/", {"action": "test.event"})
    assert b"&lt;b&gt;" in first.content
    shown = first.context["shown"]
    second = client.get("/p/letters/settings/audit/", {"action": "test.event", "before": shown.next_before})
    assert len(shown.events) + len(second.context["shown"].events) == 130
    assert client.get("/p/letters/settings/audit/", {"before": "\0", "action": "\0"}).status_code == 200


def test_the_same_over_the_api(
    settings: Settings, api: Api, owner: Person, annotator: Person, project: Project
) -> None:
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    client, where = api(owner), "/api/v1/projects/letters/webhooks/"
    made = client.post(where, {"url": URL, "events": ["snapshot.ready"]})
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    assert "secret" not in client.get(where).json()[0]
    one = f"/api/v1/webhooks/{made.json()['id']}/"
    sent = client.post(f"{one}ping/").json()
    assert client.get(f"{one}deliveries/").json()["results"][0]["id"] == sent["id"]
    assert client.post(f"{one}deliveries/{sent['id']}/resend/").status_code == 202
    assert client.post(where, {"url": URL, "events": ["snapshot.ready"]}).status_code == 400
    assert client.post(where, {"url": "https://10.0.0.1/", "events": ["snapshot.ready"]}).status_code == 400
    assert client.post(where, {"url": "https://198.41.0.4/", "events": ["nothing"]}).status_code == 400
    for path in (where, one, f"{one}deliveries/"):
        assert api(annotator).get(path).status_code == 403
    assert client.delete(one).status_code == 204
    assert not Webhook.objects.exists()


def test_no_more_than_ten(settings: Settings, api: Api, owner: Person, project: Project) -> None:
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    for number in range(webhooks.MOST_A_PROJECT):
        webhooks.add(project=project, url=f"{URL}/{number}", events=["snapshot.ready"], by=owner)
    refused = api(owner).post("/api/v1/projects/letters/webhooks/", {"url": URL, "events": ["snapshot.ready"]})
    assert refused.status_code == 400
    assert AuditEvent.objects.filter(action="webhook.add").count() == webhooks.MOST_A_PROJECT
