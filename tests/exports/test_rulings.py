"""Datasets honour reviewers: an overruling stands for the consensus, a discarded task is left out, votes stay votes."""

import pytest

from annotation import reviews
from annotation.comparisons import groups
from annotation.models import Gold, Person, Project, Task
from exports import records
from exports.formats.oasst import Family, trees
from exports.plan import plan
from exports.query import read
from exports.record import Record
from exports.tail import comparisons_since
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


def test_the_reward_model_learns_the_reviewers_order(disputed: Task) -> None:
    four, five = disputed.sample_ids
    rule(disputed, "overruled", {"overall": [[five], [four]]})
    [group] = groups(disputed.project)
    better = group.first[0] if group.probability[0] == 1 else group.second[0]
    assert group.texts[better] == "5"
    assert (group.weight, group.judgements, group.rank_weight) == ([2.0], 2, [2.0])
    rule(disputed, "confirmed")
    [group] = groups(disputed.project)
    assert group.texts[group.first[0] if group.probability[0] == 1 else group.second[0]] == "4"


def test_nobody_learns_from_a_discarded_task(disputed: Task) -> None:
    assert len(list(comparisons_since(disputed.project))) == 2
    rule(disputed, "discarded")
    assert list(groups(disputed.project)) == []
    assert list(comparisons_since(disputed.project)) == []


def test_gold_is_not_told_to_who_follows_the_project(disputed: Task) -> None:
    ids = disputed.sample_ids
    Gold.objects.create(task=disputed, sample_ids=ids, ranks=[0, 1], created_by=disputed.project.created_by)
    assert list(comparisons_since(disputed.project)) == []


def test_trees_have_the_reviewers_ranks(disputed: Task) -> None:
    four, five = disputed.sample_ids
    rule(disputed, "overruled", {"overall": [[five], [four]]})
    [record] = read_all(disputed.project)
    [grown] = trees(Family([], [record]))
    assert {reply["text"]: reply["rank"] for reply in grown["prompt"]["replies"]} == {"4": 1, "5": 0}
    record.external_id = "m1"
    replies = [{"message_id": text, "text": text, "rank": rank} for rank, text in enumerate("45")]
    root = {"message_id": "m1", "text": "2 + 2?", "replies": replies}
    [imported] = trees(Family([{"prompt": root}], [record]))
    assert {reply["text"]: reply["rank"] for reply in imported["prompt"]["replies"]} == {"4": 1, "5": 0}
