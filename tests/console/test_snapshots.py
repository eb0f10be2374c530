"""Freezing is asked for in a form, and its page says how to read the files."""

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Project
from exports.models import Snapshot
from exports.snapshot import freeze
from workers.models import Job

FREEZE = reverse("snapshot_freeze", args=["letters"])
WISH = {"formats": ["kwise", "trl-preference"], "train": "90", "validation": "5", "test": "5", "seed": "0"}


def test_it_works(manager: Client, project: Project) -> None:
    page = manager.post(FREEZE, WISH, follow=True)
    job = Job.objects.get()
    assert page.context["job"] == job
    assert job.arguments["query"]["fractions"] == [0.9, 0.05, 0.05]
    assert job.arguments["query"]["formats"] == ["kwise", "trl-preference"]


def test_a_part_of_the_data(manager: Client, project: Project) -> None:
    wish = {
        **WISH,
        "gold": "in",
        "kinds": ["parquet"],
        "projects": "letters 2",
        "phases": "20, 40, 40",
        "languages": "en， zh",
        "since": "2026-01-31",
        "text": "on",
        "seed": "7",
    }
    manager.post(FREEZE, wish)
    query = Job.objects.get().arguments["query"]
    assert query["languages"] == ["en", "zh"]
    assert query["since"].startswith("2026-01-31")
    assert (query["gold"], query["files"], query["projects"]) == ("in", ["parquet"], {"letters": 2.0})
    assert query["phases"] == [0.2, 0.4, 0.4]
    assert (query["text"], query["seed"], query["categories"]) == (True, 7, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"formats": []},
        {"formats": ["parquet"]},
        {"train": "90", "validation": "20"},
        {"train": "-1"},
        {"since": "soon"},
        {"projects": "letters"},
        {"projects": "somebody-elses 1"},
        {"phases": "a third each"},
        {"kinds": ["csv"]},
        {"since": "2026-02-01", "until": "2026-01-01"},
    ],
)
def test_a_wrong_wish_starts_nothing(wrong: dict[str, object], manager: Client, project: Project) -> None:
    page = manager.post(FREEZE, {**WISH, **wrong})
    assert page.status_code == 422
    assert page.context["form"].errors
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)  # a freeze reads through a connection of its own
def test_the_page_tells_how_to_read_it(manager: Client, project: Project, snapshot: Snapshot) -> None:
    html = manager.get(reverse("snapshot", args=["letters", snapshot.pk])).content.decode()
    file = next(name for name, facts in snapshot.manifest["files"].items() if facts["rows"] and "trl" in name)
    address = f"http://testserver/api/v1/snapshots/{snapshot.pk}/{file}"
    assert f'curl -fsSL -H "Authorization: Token YOUR_TOKEN" -o {file.split("/")[1]} "{address}"' in html
    assert "load_dataset(" in html
    assert snapshot.sha256 in html


@pytest.mark.django_db(transaction=True)
def test_a_file_is_a_click_away(manager: Client, project: Project, snapshot: Snapshot) -> None:
    page = manager.get(reverse("snapshot", args=["letters", snapshot.pk]))
    files = [file for files in page.context["formats"].values() for file in files]
    assert [file.split for file in files[:3]] == ["train", "validation", "test"]
    for file in files:
        answer = manager.get(file.url)
        assert answer.status_code == 200
        assert len(b"".join(answer.streaming_content)) == file.bytes  # type: ignore[attr-defined]


COUNT = reverse("freeze_count", args=["letters"])


@pytest.mark.django_db(transaction=True)
def test_what_a_query_finds_is_counted_before(manager: Client, project: Project, snapshot: Snapshot) -> None:
    part = manager.post(COUNT, WISH, headers={"HX-Request": "true"})
    found = part.context["found"]
    assert (found.prompts, found.judgements, found.pairs, found.certainty) == (1, 1, 6, "exact")
    assert "<form" not in part.content.decode()
    whole = manager.post(COUNT, {**WISH, "languages": "fr"})
    assert (whole.status_code, whole.context["found"].groups) == (200, 0)
    html = whole.content.decode()
    assert "Nothing judged fits" in html
    assert 'value="fr"' in html
    assert Job.objects.count() == 1  # the fixture's own


def test_what_cannot_be_counted_says_why(manager: Client, project: Project) -> None:
    for wrong in ({"train": "10"}, {"projects": "somebody-elses 1"}):
        part = manager.post(COUNT, {**WISH, **wrong}, headers={"HX-Request": "true"})
        assert part.status_code == 200
        assert part.context["problem"]


@pytest.mark.django_db(transaction=True)
def test_the_page_reads_parquet_too(manager: Client, project: Project, snapshot: Snapshot) -> None:
    job = Job.objects.create(kind=Job.Kind.SNAPSHOT, queue="export", project=project)
    made = freeze(job_id=job.pk, project=project, by=None, query={"files": ["parquet"], "fractions": [1, 0, 0]})
    html = manager.get(reverse("snapshot", args=["letters", made.pk])).content.decode()
    assert '"parquet",' in html
    address = f"http://testserver/api/v1/snapshots/{made.pk}/trl-preference/train.parquet"
    assert f'"train": "{address}",' in html
    assert f'-o train.parquet "{address}"' in html
