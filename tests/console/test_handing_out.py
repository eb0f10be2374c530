"""From a snapshot's page: freeze it again, make a link that ends, push it to a hub."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from annotation.models import AuditEvent, Person, Project
from exports.models import Snapshot
from exports.withdrawing import withdraw
from workers import jobs
from workers.models import Job

pytestmark = pytest.mark.django_db(transaction=True)
FILE = "trl-preference/train.jsonl"


def address(name: str, snapshot: Snapshot) -> str:
    return reverse(name, args=["letters", snapshot.pk])


def test_the_same_again_follows_the_first_and_what_changed_is_a_click_away(manager: Client, snapshot: Snapshot) -> None:
    started = manager.post(address("snapshot_again", snapshot))
    job = Job.objects.latest("created_at")
    assert started["Location"] == reverse("job", args=["letters", job.pk])
    jobs.run(str(job.pk))
    again = Snapshot.objects.get(job=job)
    assert (again.parent, again.query) == (snapshot, snapshot.query)
    page = manager.get(address("snapshot", again))
    assert "What changed since" in page.content.decode()
    compared = manager.post(address("snapshot_compare", again), {"with": snapshot.pk})
    assert compared["Location"] == reverse("job", args=["letters", Job.objects.latest("created_at").pk])


def test_a_link_is_shown_once_and_opens_the_file(manager: Client, client: Client, snapshot: Snapshot) -> None:
    page = manager.post(address("snapshot_link", snapshot), {"file": FILE, "hours": 24})
    link = page.context["link_address"]
    assert link in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    answer = client.get(link)
    assert answer.status_code == 200
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert len(body) == snapshot.manifest["files"][FILE]["bytes"]
    assert AuditEvent.objects.get(action="snapshot.link").details["file"] == FILE
    assert link not in manager.get(address("snapshot", snapshot)).content.decode()


@pytest.mark.parametrize("wrong", [{"file": "../etc"}, {"file": ""}, {"hours": 1_000_000}, {"hours": "soon"}])
def test_a_wrong_link_is_not_made(wrong: dict[str, object], manager: Client, snapshot: Snapshot) -> None:
    page = manager.post(address("snapshot_link", snapshot), {"file": FILE, "hours": 24, **wrong})
    assert page.status_code == 422
    assert "link_address" not in page.context
    assert not AuditEvent.objects.filter(action="snapshot.link").exists()


def test_what_was_withdrawn_has_no_links(manager: Client, snapshot: Snapshot) -> None:
    withdraw(snapshot=snapshot, by=None, why="A test.")
    assert manager.post(address("snapshot_link", snapshot), {"file": FILE, "hours": 24}).status_code == 422
    assert "A link without a token" not in manager.get(address("snapshot", snapshot)).content.decode()


def test_a_push_is_a_job(manager: Client, snapshot: Snapshot, settings: Settings) -> None:
    settings.HF_TOKEN = "hf_test"
    started = manager.post(address("snapshot_push", snapshot), {"repository": "me/letters", "private": "on"})
    job = Job.objects.get(kind=Job.Kind.PUSH)
    assert started["Location"] == reverse("job", args=["letters", job.pk])
    assert job.arguments == {"snapshot": snapshot.pk, "repository": "me/letters", "private": True}


def test_a_push_to_nowhere_says_so_beside_its_field(manager: Client, snapshot: Snapshot, settings: Settings) -> None:
    settings.HF_TOKEN = "hf_test"
    page = manager.post(address("snapshot_push", snapshot), {"repository": "letters"})
    assert (page.status_code, "OWNER/NAME" in str(page.context["push_form"].errors)) == (422, True)
    settings.HF_TOKEN = ""
    assert "sets HF_TOKEN" in manager.get(address("snapshot", snapshot)).content.decode()
    assert manager.post(address("snapshot_push", snapshot), {"repository": "me/letters"}).status_code == 422
    assert not Job.objects.filter(kind=Job.Kind.PUSH).exists()


def test_a_viewer_links_but_does_not_push_and_an_outsider_does_neither(
    signed_in: Callable[[Person], Client], viewer: Person, outsider: Person, snapshot: Snapshot, project: Project
) -> None:
    wish = {"file": FILE, "hours": 1}
    assert signed_in(viewer).post(address("snapshot_link", snapshot), wish).status_code == 200
    assert signed_in(viewer).post(address("snapshot_push", snapshot), {"repository": "me/x"}).status_code == 404
    for name in ("snapshot_link", "snapshot_push", "snapshot_again"):
        assert signed_in(outsider).post(address(name, snapshot), wish).status_code == 404


def test_the_page_draws_what_is_in_it(manager: Client, snapshot: Snapshot) -> None:
    page = manager.get(address("snapshot", snapshot))
    keys = {plot.key for plot in page.context["plots"]}
    assert {"snapshot-splits", "snapshot-position", "snapshot-answers", "snapshot-prompts"} <= keys
    assert "<svg" in page.content.decode()


def test_the_licence_stands_on_the_card(manager: Client, project: Project, snapshot: Snapshot) -> None:
    project.license = "cc-by-4.0"
    project.save()
    manager.post(address("snapshot_again", snapshot))
    job = Job.objects.latest("created_at")
    jobs.run(str(job.pk))
    card = (Snapshot.objects.get(job=job).folder / "README.md").read_text()
    assert 'license: "cc-by-4.0"' in card
