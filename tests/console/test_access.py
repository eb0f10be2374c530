"""Outsiders and annotators find no console at all; viewers read it and change nothing."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from annotation import projects
from annotation.models import AuditEvent, Person, Project
from exports.models import Snapshot
from workers.models import Job, RewardModel

READ = ["dashboard", "prompts", "jobs", "reward_models", "snapshots"]
MANAGE = ["people", "project_settings", "prompts_add"]
ACT = [
    "invite",
    "prompts_add",
    "project_settings",
    "guideline_write",
    "guideline_preview",
    "questions_preview",
    "project_archive",
    "project_restore",
    "generate",
    "train",
]
Sign = Callable[[Person], Client]


@pytest.mark.parametrize("name", READ + MANAGE)
def test_it_works(name: str, manager: Client, project: Project) -> None:
    assert manager.get(reverse(name, args=[project.slug])).status_code == 200


@pytest.mark.parametrize("name", READ + MANAGE)
def test_who_is_not_signed_in_signs_in_first(name: str, client: Client, project: Project) -> None:
    page = client.get(reverse(name, args=[project.slug]))
    assert page.status_code == 302
    assert reverse("account_login") in page["Location"]


@pytest.mark.parametrize("name", READ + MANAGE)
def test_annotators_and_outsiders_find_nothing(
    name: str, project: Project, annotator: Person, outsider: Person, signed_in: Sign
) -> None:
    for person in (annotator, outsider):
        assert signed_in(person).get(reverse(name, args=[project.slug])).status_code == 404


def test_who_reads_the_data_may_freeze_them_and_nobody_else(
    project: Project, viewer: Person, annotator: Person, outsider: Person, signed_in: Sign
) -> None:
    freeze = reverse("snapshot_freeze", args=[project.slug])
    whole = {"formats": ["kwise"], "train": 90, "validation": 5, "test": 5, "seed": 0}
    assert signed_in(viewer).post(freeze, whole).status_code == 302
    for person in (annotator, outsider):
        assert signed_in(person).post(freeze, whole).status_code == 404


def test_a_viewer_reads(project: Project, viewer: Person, signed_in: Sign) -> None:
    client = signed_in(viewer)
    statuses = {name: client.get(reverse(name, args=[project.slug])).status_code for name in READ + MANAGE}
    assert statuses == {**dict.fromkeys(READ, 200), **dict.fromkeys(MANAGE, 404)}


@pytest.mark.parametrize("name", ACT)
def test_only_managers_act(
    name: str, project: Project, viewer: Person, annotator: Person, outsider: Person, signed_in: Sign
) -> None:
    before = AuditEvent.objects.count()
    for person in (viewer, annotator, outsider):
        assert signed_in(person).post(reverse(name, args=[project.slug])).status_code == 404
    assert AuditEvent.objects.count() == before


def test_a_viewer_sees_no_buttons(
    project: Project, viewer: Person, signed_in: Sign, fill: Callable[[int], None]
) -> None:
    fill(1)
    for name in READ:
        page = signed_in(viewer).get(reverse(name, args=[project.slug])).content.decode()
        assert reverse("train", args=[project.slug]) not in page
        assert 'id="act"' not in page


def test_what_belongs_to_another_project_is_not_here(
    manager: Client, project: Project, snapshot: Snapshot, make_model: Callable[..., RewardModel], owner: Person
) -> None:
    model = make_model()
    other = projects.create(by=owner, slug="other", name="Other")
    prompt = project.prompts.get()
    for name, key in [
        ("prompt", prompt.pk),
        ("job", Job.objects.first().pk),
        ("job", uuid4()),
        ("snapshot", snapshot.pk),
        ("reward_model", model.version),
    ]:
        assert manager.get(reverse(name, args=[other.slug, key])).status_code == 404
    for name, key in [("job_cancel", Job.objects.first().pk), ("member_remove", project.memberships.first().pk)]:
        assert manager.post(reverse(name, args=[other.slug, key])).status_code == 404
