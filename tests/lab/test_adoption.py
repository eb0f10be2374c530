"""A new version counts unless it is worse on what both never saw; a manager may say otherwise."""

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from annotation.models import Person, Project
from annotation.models.audit import AuditEvent
from tests.lab.conftest import Judge, MakeModel
from workers import adoption
from workers.models import RewardModel

pytestmark = pytest.mark.django_db


def test_it_works(ranked: Project, make_model: MakeModel) -> None:
    first = adoption.decide(make_model(right=0.5))
    assert (first.is_adopted, first.adoption["verdict"], first.adoption["reason"]) == (True, "adopted", "first")
    assert first.adoption["difference"]["families"] == 3
    better = adoption.decide(make_model(right=1.0))
    assert better.is_adopted
    assert better.adoption["reason"] == "not_worse"
    assert (better.adoption["against"], better.adoption["difference"]["value"]) == (1, pytest.approx(0.5, abs=0.2))
    assert RewardModel.objects.adopted(ranked) == better


@pytest.mark.parametrize("config", [{"target": "cost"}, {"criterion": "harmlessness"}])
def test_what_has_another_aim_stands_beside(ranked: Project, make_model: MakeModel, config: dict[str, str]) -> None:
    """A cost model that came first would else choose the worst of n."""
    beside = adoption.decide(make_model(right=0.0, config=config))
    assert (beside.is_adopted, beside.adoption) == (False, {"verdict": "beside", "reason": "other_aim"})
    reward = adoption.decide(make_model(right=0.5, config={"target": "reward", "criterion": "overall"}))
    assert reward.adoption["reason"] == "first"
    assert adoption.decide(make_model(right=1.0, config=config)).adoption["verdict"] == "beside"
    assert RewardModel.objects.adopted(ranked) == reward


def test_a_worse_version_is_refused(ranked: Project, make_model: MakeModel) -> None:
    good = adoption.decide(make_model(right=1.0))
    bad = adoption.decide(make_model(right=0.0))
    assert (bad.is_adopted, bad.adoption["verdict"], bad.adoption["reason"]) == (False, "refused", "worse")
    assert bad.adoption["difference"]["value"] == -1
    assert RewardModel.objects.adopted(ranked) == good


def test_one_as_good_is_adopted(ranked: Project, make_model: MakeModel) -> None:
    adoption.decide(make_model(right=0.5))
    same = adoption.decide(make_model(right=0.5))
    assert same.is_adopted
    assert same.adoption["difference"]["value"] == 0


def test_a_first_version_counts_where_nothing_can_be_told(
    project: Project, make_model: MakeModel, fill: Callable[[int], None], judge: Judge, annotator: Person
) -> None:
    """After two rankings, so that the loop goes round; what they cannot carry is said beside it."""
    fill(2)
    for _ in range(2):
        judge(annotator)
    first = adoption.decide(make_model(right=0.0))
    assert (first.is_adopted, first.adoption["reason"]) == (True, "first")


def test_a_first_version_worse_than_chance_is_not_adopted(
    project: Project, make_model: MakeModel, fill: Callable[[int], None], judge: Judge, annotator: Person
) -> None:
    fill(130)
    for _ in range(130):
        judge(annotator)
    bad = adoption.decide(make_model(right=0.0))
    assert bad.adoption["difference"]["families"] >= adoption.LEAST_FAMILIES
    assert (bad.is_adopted, bad.adoption["reason"]) == (False, "worse_than_chance")
    assert bad.adoption["difference"]["value"] == -0.5
    assert adoption.decide(make_model(right=1.0)).adoption["reason"] == "first"


def test_nothing_to_compare_on_is_said(project: Project, make_model: MakeModel, owner: Person) -> None:
    adoption.choose(model=make_model(), by=owner)
    second = adoption.decide(make_model())
    assert second.is_adopted
    assert second.adoption["reason"] == "nothing_held_out"


def test_a_decision_is_made_once(ranked: Project, make_model: MakeModel) -> None:
    adoption.decide(make_model(right=1.0))
    bad = adoption.decide(make_model(right=0.0))
    assert adoption.decide(bad).adoption == bad.adoption


def test_versions_that_held_out_different_prompts_are_compared_on_what_both_did(
    ranked: Project, make_model: MakeModel
) -> None:
    adoption.decide(make_model(right=1.0))
    other = adoption.decide(make_model(right=0.0, split_seed=7))
    difference = other.adoption.get("difference", {"families": 0})
    assert difference["families"] <= 3  # a tenth of a tenth, more or less


def test_a_manager_may_say_otherwise(ranked: Project, make_model: MakeModel, owner: Person) -> None:
    adoption.decide(make_model(right=1.0))
    refused = adoption.decide(make_model(right=0.0))
    chosen = adoption.choose(model=refused, by=owner)
    assert chosen.is_adopted
    assert (chosen.adoption["verdict"], chosen.adoption["by"]) == ("chosen", "olga")
    assert chosen.adoption["difference"]["value"] == -1  # what spoke against it stays written down
    event = AuditEvent.objects.filter(action="reward_model.adopt").latest("pk")
    assert (event.actor, event.details) == (owner, {"version": 2})


def test_never_two(ranked: Project, make_model: MakeModel) -> None:
    adoption.decide(make_model())
    with pytest.raises(IntegrityError, match="reward_model_one_adopted"), transaction.atomic():
        make_model(is_adopted=True)


@pytest.mark.django_db(transaction=True)
def test_versions_that_end_at_one_moment(ranked: Project, make_model: MakeModel, owner: Person) -> None:
    """Two decide and a manager chooses, all at once: one version counts in the end, and nobody gets an error."""
    models = [make_model(right=1.0) for _ in range(3)]
    errors: list[Exception] = []

    def at_once(act: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            try:
                act()
            except Exception as error:  # noqa: BLE001 - the test wants to see it
                errors.append(error)
            finally:
                connection.close()

        return threading.Thread(target=run)

    threads = [
        at_once(lambda: adoption.decide(models[0])),
        at_once(lambda: adoption.decide(models[1])),
        at_once(lambda: adoption.choose(model=models[2], by=owner)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert RewardModel.objects.filter(is_adopted=True).count() == 1
    assert all(model.adoption for model in RewardModel.objects.all())
