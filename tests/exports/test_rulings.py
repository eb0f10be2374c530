"""Datasets honour reviewers: an overruling stands for the consensus, a discarded task is left out, votes stay votes."""

import pytest

from annotation import reviews
from annotation.models import Person, Project, Task
from exports import records
from exports.plan import plan
from exports.query import read
from exports.record import Record
from tests.exports import building

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def disputed() -> Task:
    """Two answers in the order of their hashes' texts; two people say the first is better."""
    task = building.task(building.project(), "2 + 2?", ["4", "5"])
    for name in ("ann", "ben"):
        building.judge(task, name, [0, 1])
    return task


def read_all(project: Project) -> list[Record]:
    query = read({})
    with records.consistent_view() as view:
        return list(records.records(view, plan(query, project)))


def by_text(record: Record) -> dict[str, int | None]:
    return {r.text: rank for r, rank in zip(record.responses, record.consensus, strict=True)}


def rule(task: Task, verdict: str, orders: dict | None = None) -> None:
    reviewer, _ = Person.objects.get_or_create(username="rita")
    reviews.rule(task=task, reviewer=reviewer, verdict=verdict, orders=orders)


def test_it_works(disputed: Task) -> None:
    four, five = disputed.sample_ids
    [before] = read_all(disputed.project)
    assert by_text(before) == {"4": 0, "5": 1}
    rule(disputed, "overruled", {"overall": [[five], [four]]})
    [after] = read_all(disputed.project)
    assert by_text(after) == {"4": 1, "5": 0}
    assert [v.ranks for v in after.verdicts] == [v.ranks for v in before.verdicts]


def test_a_discarded_task_is_left_out_and_comes_back_with_another_word(disputed: Task) -> None:
    rule(disputed, "discarded")
    assert read_all(disputed.project) == []
    rule(disputed, "confirmed")
    assert len(read_all(disputed.project)) == 1
