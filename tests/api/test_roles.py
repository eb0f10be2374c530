"""A member is told what a call takes (403); for whoever is no member there is nothing (404)."""

import pytest

from annotation.models import Membership, Person, Project, Task
from exports.models import Snapshot
from tests.conftest import Api, Fill
from workers.models import Job, RewardModel, Webhook

pytestmark = pytest.mark.django_db

MANAGERS = [
    ("post", "prompts/"), ("post", "samples/"), ("post", "comparisons/"), ("post", "generations/"), ("patch", ""),
    ("post", "reward-models/"), ("put", "members/anna/"), ("post", "gold/"), ("get", "reports/"), ("get", "webhooks/"),
]  # fmt: skip
READERS = [("get", path) for path in ("comparisons/", "snapshots/", "reward-models/", "quality/", "live/raw.jsonl")]


@pytest.mark.parametrize(("method", "path"), MANAGERS + READERS)
def test_what_is_a_managers_or_a_readers(
    api: Api, project: Project, annotator: Person, viewer: Person, outsider: Person, method: str, path: str
) -> None:
    where = f"/api/v1/projects/{project.slug}/{path}"
    for person in (annotator, viewer) if (method, path) in MANAGERS else (annotator,):
        refused = getattr(api(person), method)(where)
        assert refused.status_code == 403
        role = project.role_of(person)
        assert refused.json()["detail"].startswith(f"You are {role} in letters: this takes owner or manager")
    assert getattr(api(outsider), method)(where).status_code == 404


def test_who_only_looks_takes_no_work(api: Api, project: Project, viewer: Person, outsider: Person) -> None:
    refused = api(viewer).post("/api/v1/projects/letters/next/")
    assert refused.status_code == 403
    assert refused.json()["detail"].startswith("You are viewer in letters: this takes owner or manager")
    assert api(outsider).post("/api/v1/projects/letters/next/").status_code == 404


@pytest.fixture
def things(project: Project, owner: Person, fill: Fill) -> dict[str, str]:
    """Calls of what has an address of its own, and whether they take the right to read or to manage."""
    fill(1)
    job = Job.objects.create(kind=Job.Kind.SNAPSHOT, queue="export", project=project)
    facts = {"project": project, "job": job}
    snapshot = Snapshot.objects.create(**facts, sources=[project.pk], query={}, manifest={"files": {}}, sha256="0" * 64)
    model = RewardModel.objects.create(**facts, version=1, judgements=0)
    hook = Webhook.objects.create(project=project, url="https://example.org/", created_by=owner, events=[])
    return {
        f"get snapshots/{snapshot.pk}/": "read",
        f"post snapshots/{snapshot.pk}/push/": "manage",
        f"get reward-models/{model.pk}/": "read",
        f"post reward-models/{model.pk}/adopt/": "manage",
        f"get jobs/{job.pk}/": "read",
        f"post jobs/{job.pk}/cancel/": "manage",
        f"get webhooks/{hook.pk}/": "manage",
        f"get tasks/{Task.objects.get().pk}/": "manage",
    }


def test_what_has_an_address_of_its_own(
    api: Api, things: dict[str, str], annotator: Person, viewer: Person, outsider: Person
) -> None:
    for call, takes in things.items():
        method, path = call.split()
        found = [getattr(api(who), method)(f"/api/v1/{path}").status_code for who in (annotator, viewer, outsider)]
        assert found == [403, 200 if takes == "read" else 403, 404], call


def test_who_has_left_finds_nothing(api: Api, annotator: Person, things: dict[str, str]) -> None:
    Membership.objects.filter(person=annotator).delete()
    for call in things:
        method, path = call.split()
        assert getattr(api(annotator), method)(f"/api/v1/{path}").status_code == 404, call
