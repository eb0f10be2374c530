"""A manager chooses another snapshot and reads what came, what went and what changed."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from annotation import projects
from annotation.models import Person, Ranking
from exports.models import Comparison, Snapshot
from exports.snapshot import freeze
from exports.withdrawing import withdraw
from tests.console.conftest import over
from webapp.console.side_by_side import fields, marked
from workers import jobs
from workers.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


def refrozen(snapshot: Snapshot, **query: object) -> Snapshot:
    project = snapshot.project
    job = over(jobs.enqueue(Job.Kind.SNAPSHOT, project=project, by=snapshot.created_by, arguments={}))
    return freeze(job_id=job.pk, project=project, by=snapshot.created_by, query=query, parent=snapshot)


@pytest.fixture
def later(snapshot: Snapshot) -> Snapshot:
    """The same, but the one ranking is turned round."""
    ranking = Ranking.objects.get()
    ranking.ranks = [max(ranking.ranks) - rank for rank in ranking.ranks]
    ranking.save()
    return refrozen(snapshot)


def compare(client: Client, before: Snapshot, after: Snapshot) -> str:
    """Start it, do the job, answer the page's address."""
    started = client.post(reverse("snapshot_compare", args=["letters", after.pk]), {"with": before.pk})
    job = Job.objects.get(kind=Job.Kind.COMPARE)
    assert started["Location"] == reverse("job", args=["letters", job.pk])
    jobs.run(str(job.pk))
    return reverse("snapshot_comparison", args=["letters", before.pk, after.pk])


def test_it_works(manager: Client, snapshot: Snapshot, later: Snapshot) -> None:
    page = manager.get(reverse("snapshot", args=["letters", later.pk]))
    assert [(name, list(made)) for name, made in page.context["others"]] == [("Letters", [snapshot])]
    address = compare(manager, snapshot, later)
    page = manager.get(address)
    assert page.context["tally"] == {"added": 0, "removed": 0, "changed": 6, "alike": 0}
    assert {example.kind for example in page.context["examples"]} == {"changed"}
    html = page.content.decode()
    assert "<del>" in html
    assert "<ins>" in html
    assert "whatever differs is in the data" in html
    job = Job.objects.get(kind=Job.Kind.COMPARE)
    assert address in manager.get(reverse("job", args=["letters", job.pk])).content.decode()
    again = manager.post(reverse("snapshot_compare", args=["letters", later.pk]), {"with": snapshot.pk})
    assert again["Location"] == address


def test_another_format_and_the_file(manager: Client, snapshot: Snapshot, later: Snapshot) -> None:
    page = manager.get(compare(manager, snapshot, later) + "?format=kwise")
    assert page.context["tally"]["changed"] == 1
    for _name, facts, url in page.context["diffs"]:
        answer = manager.get(url)
        assert len(b"".join(answer.streaming_content)) == facts["bytes"]  # type: ignore[attr-defined]


def test_before_the_rows_are_compared_the_page_tells_how_the_queries_differ(
    manager: Client, snapshot: Snapshot
) -> None:
    other = refrozen(snapshot, seed=7, gold="in")
    page = manager.get(reverse("snapshot_comparison", args=["letters", snapshot.pk, other.pk]))
    assert {one.what for one in page.context["query"]} == {"seed", "gold"}
    assert page.context["moves"]
    assert "Compare the rows" in page.content.decode()


def test_a_viewer_may_and_an_outsider_may_not(
    signed_in: Callable[[Person], Client], viewer: Person, outsider: Person, snapshot: Snapshot, later: Snapshot
) -> None:
    address = compare(signed_in(viewer), snapshot, later)
    assert signed_in(viewer).get(address).status_code == 200
    stranger = signed_in(outsider)
    assert stranger.get(address).status_code == 404
    start = reverse("snapshot_compare", args=["letters", later.pk])
    assert stranger.post(start, {"with": snapshot.pk}).status_code == 404


def test_another_projects_snapshot_only_where_it_may_be_read(
    manager: Client, signed_in: Callable[[Person], Client], viewer: Person, owner: Person, snapshot: Snapshot
) -> None:
    other = projects.create(by=owner, slug="poems", name="Poems", languages=["en"])
    job = over(jobs.enqueue(Job.Kind.SNAPSHOT, project=other, by=owner, arguments={}))
    foreign = freeze(job_id=job.pk, project=other, by=owner, query={})
    address = compare(manager, foreign, snapshot)
    assert manager.get(address).context["tally"]["added"] == 6
    assert signed_in(viewer).get(address).status_code == 404
    start = reverse("snapshot_compare", args=["letters", snapshot.pk])
    assert signed_in(viewer).post(start, {"with": foreign.pk}).status_code == 404


@pytest.mark.parametrize("wrong", ["", "x", "9" * 30, "0"])
def test_a_wrong_choice_is_said(wrong: str, manager: Client, snapshot: Snapshot) -> None:
    answer = manager.post(reverse("snapshot_compare", args=["letters", snapshot.pk]), {"with": wrong})
    assert answer.status_code in (302, 404)
    assert not Job.objects.filter(kind=Job.Kind.COMPARE).exists()


def test_what_was_withdrawn_cannot_be_compared(manager: Client, snapshot: Snapshot, later: Snapshot) -> None:
    address = compare(manager, snapshot, later)
    withdraw(snapshot=snapshot, by=None, why="A test.")
    page = manager.get(address)
    assert "One of the two was withdrawn" in page.content.decode()
    assert not Comparison.objects.exists()


def test_words_that_differ_are_marked_and_hostile_text_is_text(manager: Client) -> None:
    before, after = marked("the cat sat", "the dog sat")
    assert [(piece.text, piece.differs) for piece in before] == [("the ", False), ("cat", True), (" sat", False)]
    assert [piece.text for piece in after if piece.differs] == ["dog"]
    change = {"before": {"chosen": [{"role": "user", "content": "<b>"}], "n": 1}, "after": {"chosen": None, "n": 1}}
    chosen, number = fields(change)
    assert (chosen.before[0].text, chosen.after[0].text, number.is_same) == ("user: <b>", "–", True)
