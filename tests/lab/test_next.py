"""What people get next follows the model, by the strategy that the project chose; nobody loses their place for it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pytest_django.fixtures import Settings

from annotation import assignment as leases
from annotation.models import Person, Project, Sample, Task
from annotation.tasks import set_priorities
from tests.lab.conftest import MakeModel
from workers import adoption, embedding
from workers.models import Embedding, RewardModel, Score
from workers.nextup import picking, priorities, strategies

pytestmark = pytest.mark.django_db


def nothing() -> None:
    pass


@pytest.fixture
def encoder(tiny_bert: Path, settings: Settings) -> None:
    settings.DEFAULT_REWARD_BASE = str(tiny_bert)


@pytest.fixture
def open_tasks(ranked: Project, fill: Callable[[int], None]) -> Project:
    """40 ranked prompts and 16 that wait."""
    fill(56)
    return ranked


def by(project: Project, strategy: str) -> None:
    Project.objects.filter(pk=project.pk).update(next_strategy=strategy)


def test_the_closest_scores_come_first(
    open_tasks: Project, make_model: MakeModel, annotator: Person, second_annotator: Person
) -> None:
    model = adoption.decide(make_model())
    closest = Task.objects.filter(judged=0).order_by("-pk").first()
    assert closest
    Score.objects.filter(sample__in=closest.sample_ids).update(value=0.5)
    by(open_tasks, "uncertainty")
    found = priorities.apply(model, nothing)
    assert (found["strategy"], found["tasks"]) == ("uncertainty", 16)
    closest.refresh_from_db()
    assert closest.priority == priorities.HIGHEST
    levels = list(Task.objects.filter(judged=0).values_list("priority", flat=True))
    assert {levels.count(level) for level in range(1, 9)} == {2}
    assert RewardModel.objects.get().priorities["strategy"] == "uncertainty"
    # anna has been through the whole queue: what has moved to another level lies before her there.
    first = [leases.lease_next(person=person, project=open_tasks).task for person in (annotator, second_annotator)]
    assert {task.priority for task in first} == {priorities.HIGHEST}


def test_tasks_without_scores_stay_in_the_middle(open_tasks: Project, make_model: MakeModel) -> None:
    model = adoption.decide(make_model())
    unscored = Task.objects.filter(judged=0).first()
    assert unscored
    Score.objects.filter(sample=unscored.sample_ids[0]).delete()
    by(open_tasks, "uncertainty")
    assert priorities.apply(model, nothing)["tasks"] == 15
    unscored.refresh_from_db()
    assert unscored.priority == 4


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize("strategy", ["random", "disagreement", "diversity"])
def test_other_strategies(open_tasks: Project, make_model: MakeModel, strategy: str) -> None:
    model = adoption.decide(make_model())
    by(open_tasks, strategy)
    found = priorities.apply(model, nothing)
    assert found["tasks"] == 16
    assert set(Task.objects.filter(judged=0).values_list("priority", flat=True)) == set(range(1, 9))
    assert found["changed"] == 14  # two were where they belong
    assert priorities.apply(model, nothing)["changed"] == 0  # the same model says the same


def test_back_to_the_order_of_arrival(open_tasks: Project, make_model: MakeModel) -> None:
    model = adoption.decide(make_model())
    by(open_tasks, "random")
    priorities.apply(model, nothing)
    by(open_tasks, "arrival")
    priorities.apply(model, nothing)
    assert set(Task.objects.values_list("priority", flat=True)) == {4}


def test_what_people_put_first_stays_first(open_tasks: Project) -> None:
    first, second = Task.objects.filter(judged=0)[:2]
    Task.objects.filter(pk=first.pk).update(priority=9)
    assert set_priorities(project=open_tasks, priorities={first.pk: 1, second.pk: 1}) == 1
    first.refresh_from_db()
    assert first.priority == 9


def test_finished_tasks_and_other_projects_are_left_alone(open_tasks: Project) -> None:
    done = Task.objects.filter(judged=1).first()
    assert done
    number = done.queue_number
    set_priorities(project=open_tasks, priorities={done.pk: 8})
    done.refresh_from_db()
    assert (done.priority, done.queue_number) == (4, number)


def test_without_an_encoder_the_queue_stays_and_it_is_said(
    open_tasks: Project, make_model: MakeModel, settings: Settings
) -> None:
    settings.DEFAULT_REWARD_BASE = "package:not_there"
    embedding._encoder.cache_clear()
    model = adoption.decide(make_model())
    by(open_tasks, "diversity")
    found = priorities.apply(model, nothing)
    assert "was not found" in found["reason"]
    assert set(Task.objects.values_list("priority", flat=True)) == {4}


@pytest.mark.usefixtures("encoder")
def test_vectors_are_made_once(open_tasks: Project) -> None:
    ids = list(Sample.objects.order_by("pk").values_list("pk", flat=True)[:5])
    first = embedding.vectors(ids, nothing, most=3)
    assert sorted(first) == ids[:3]  # no more than asked for in one go
    assert Embedding.objects.count() == 3
    again = embedding.vectors(ids, nothing)
    assert sorted(again) == ids
    assert all((first[pk] == again[pk]).all() for pk in first)


def test_uncertainty_by_hand() -> None:
    assert strategies.uncertainty([1.0, 1.0]) == pytest.approx(np.log(2))
    chance = 0.8
    assert strategies.uncertainty([np.log(4), 0.0]) == pytest.approx(
        -chance * np.log(chance) - (1 - chance) * np.log(1 - chance)
    )
    assert strategies.uncertainty([50.0, 0.0]) == pytest.approx(0.0, abs=1e-12)


def test_disagreement_by_hand() -> None:
    """Two heads, sure of opposite things: ln 2 to be learned. Two that agree, or are both unsure: nothing."""
    answers = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert strategies.disagreement(answers, np.array([[50.0, 0.0], [0.0, 50.0]])) == pytest.approx(np.log(2))
    assert strategies.disagreement(answers, np.array([[50.0, 0.0], [50.0, 0.0]])) == pytest.approx(0)
    assert strategies.disagreement(answers, np.zeros((2, 2))) == pytest.approx(0)


def test_diversity_by_hand() -> None:
    """On a line: 0 is known; 10 is farthest; then 5 is the middle of what is left; 1 comes last."""
    points = np.array([[1.0], [5.0], [10.0]])
    assert strategies.diversity(points, np.array([[0.0]])).tolist() == [1, 2, 3]
    assert strategies.diversity(np.array([[0.0], [1.0], [9.0]]), np.zeros((0, 1)))[2] == 3


def test_levels_are_even() -> None:
    assert strategies.levels(np.array([0.1, 0.9, 0.5, 0.3]), 1, 2).tolist() == [1, 2, 2, 1]
    assert strategies.levels(np.zeros(0), 1, 8).tolist() == []


def test_which_k_of_a_prompts_answers() -> None:
    ids, scores = [10, 11, 12, 13, 14], [0.0, 5.0, 5.1, 9.0, 5.3]
    assert picking.in_order("arrival", ids, scores, 3) == ids
    assert picking.in_order("uncertainty", ids, scores, 3) == [11, 12, 14, 10, 13]
    assert set(picking.in_order("diversity", ids, scores, 3)[:3]) == {10, 12, 13}
    assert sorted(picking.in_order("random", ids, scores, 3)) == ids
    assert picking.in_order("uncertainty", ids[:3], scores[:3], 3) == ids[:3]  # nothing to choose


def test_the_order_goes_into_the_tasks(project: Project, owner: Person, fill: Callable[[int], None]) -> None:
    from annotation.tasks import form_rank_tasks

    Project.objects.update(auto_tasks=False)
    project.refresh_from_db()
    fill(1, k=10)  # type: ignore[call-arg]
    ids = list(Sample.objects.order_by("pk").values_list("pk", flat=True))
    wished = [ids[9], ids[0], ids[8], ids[1]]
    assert form_rank_tasks(project=project, force=True, sample_order=wished) == 2
    tasks = [task.sample_ids for task in Task.objects.order_by("pk")]
    assert sorted(wished) in tasks
    assert ids[2:6] in tasks
