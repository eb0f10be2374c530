"""A demonstration that started from an answer is known to be better than it: a pair in every dataset of pairs."""

import json
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from annotation import assignment as leases
from annotation import judging, starting, wishes
from annotation.edits import edits
from annotation.models import Judgement, Person, Project, Sample
from annotation.writing import Demonstration
from exports.query import read
from exports.streaming import stream
from exports.tail import comparisons_since
from tests.exports.test_snapshot import frozen, rows
from workers import training
from workers.reward.config import TrainConfig

pytestmark = pytest.mark.django_db(transaction=True)

Fill = Callable[[int], None]


@pytest.fixture
def edited(project: Project, owner: Person, annotator: Person, fill: Fill) -> Sample:
    """The annotator changed the first answer; nobody has ranked anything yet."""
    fill(1)
    wishes.ask_for_demonstrations(project=project, by=owner, prompt_ids=project.prompts.values_list("pk", flat=True))
    task = leases.lease_next(person=annotator, project=project, kind="demonstrate")
    first = task.task.prompt.samples.order_by("pk").first()
    starting.offer(task, first)
    verdict = Demonstration("A better answer.", started_from=first.pk)
    judging.submit(assignment=task, verdict=verdict)
    return first


def test_it_works(project: Project, edited: Sample) -> None:
    snapshot = frozen(project)
    (pair,) = rows(snapshot, "trl-preference")
    assert pair["chosen"][-1]["content"] == "A better answer."
    assert pair["rejected"][-1]["content"] == edited.text
    (whole,) = rows(frozen(project, {"formats": ["kwise"]}), "kwise")
    assert sorted(whole["responses"]) == sorted(["A better answer.", edited.text])


def test_to_learn_from_it_is_there_once(project: Project, edited: Sample) -> None:
    (row,) = rows(frozen(project, {"formats": ["sft-messages"]}), "sft-messages")
    assert row["messages"][-1]["content"] == "A better answer."


def test_it_is_left_out_with_the_demonstrations_and_of_other_criteria(project: Project, edited: Sample) -> None:
    for query in ({"demonstrations": "out"}, {"criterion": "harmlessness"}, {"gold": "only"}):
        assert rows(frozen(project, query), "trl-preference") == []


def test_it_is_read_live_as_well(project: Project, edited: Sample) -> None:
    lines = b"".join(stream(project, read({}), "trl-preference")).splitlines()
    assert [json.loads(line)["chosen"][-1]["content"] for line in lines] == ["A better answer."]


def test_who_follows_the_project_sees_it(project: Project, edited: Sample) -> None:
    [(cursor, row)] = comparisons_since(project)
    assert dict(zip(row["responses"], row["ranks"], strict=True)) == {"A better answer.": 0, edited.text: 1}
    assert list(comparisons_since(project, cursor)) == []


def test_the_reward_model_learns_from_it(project: Project, edited: Sample) -> None:
    [group] = edits(project)
    better = group.first[0] if group.probability[0] == 1 else group.second[0]
    assert (group.texts[better], group.weight, group.judgements) == ("A better answer.", [1.0], 1)
    [trained] = training._edits(SimpleNamespace(project=project), TrainConfig())
    trained.check()
    assert trained.group_id == f"edit {edited.pk} {max(group.sample_ids)}"
    assert list(edits(project, "harmlessness")) == []


def test_nobody_learns_from_an_edit_that_was_withdrawn(project: Project, edited: Sample) -> None:
    Judgement.objects.update(is_current=False)
    assert list(edits(project)) == []
    assert list(comparisons_since(project)) == []


def test_what_was_left_unchanged_is_no_pair(project: Project, edited: Sample, second_annotator: Person) -> None:
    project.tasks.filter(kind="demonstrate").update(overlap=2)
    task = leases.lease_next(person=second_annotator, project=project, kind="demonstrate")
    starting.offer(task, edited)
    judging.submit(assignment=task, verdict=Demonstration(edited.text, started_from=edited.pk))
    assert len(rows(frozen(project), "trl-preference")) == 1
