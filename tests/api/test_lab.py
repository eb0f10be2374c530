"""Adoption, standings and the lab's settings over HTTP: what a manager may do, and what others never see."""

from collections.abc import Callable

import pytest

from annotation.models import Person, Project
from tests.conftest import Api
from tests.lab.conftest import Judge, MakeModel, judge, make_model, ranked
from tests.translated import compile_once
from workers import adoption
from workers.models import RewardModel

__all__ = ["judge", "make_model", "ranked"]

pytestmark = pytest.mark.django_db
STANDINGS = "/api/v1/projects/letters/standings/"


def test_adopting_over_a_refusal(ranked: Project, make_model: MakeModel, api: Api, owner: Person) -> None:
    adoption.decide(make_model(right=1.0))
    refused = adoption.decide(make_model(right=0.0))
    shown = api(owner).get(f"/api/v1/reward-models/{refused.pk}/").json()
    assert (shown["is_adopted"], shown["adoption"]["reason"]) == (False, "worse")
    assert shown["adoption"]["difference"]["value"] == -1
    adopted = api(owner).post(f"/api/v1/reward-models/{refused.pk}/adopt/")
    assert (adopted.status_code, adopted.json()["is_adopted"]) == (200, True)
    assert RewardModel.objects.adopted(ranked) == refused
    assert api(owner).post(f"/api/v1/reward-models/{refused.pk}/adopt/").status_code == 200  # again: no harm


def test_cautions(
    project: Project, make_model: MakeModel, api: Api, owner: Person, fill: Callable[[int], None], judge: Judge,
    annotator: Person,
) -> None:  # fmt: skip
    compile_once()
    fill(1)
    judge(annotator)
    model = make_model(metrics={"split": "test", "accuracy": {"value": 0.6, "low": 0.4, "high": 0.8}, "families": 4})
    path = f"/api/v1/reward-models/{model.pk}/"
    assert [caution["code"] for caution in api(owner).get(path).json()["cautions"]] == ["few_held_out", "chance"]
    chinese = api(owner).get(path, headers={"accept-language": "zh-hans"}).json()["cautions"]
    assert "留出的提示：4 条" in chinese[0]["sentence"]
    started = api(owner).post("/api/v1/projects/letters/reward-models/", {})
    (caution,) = started.json()["cautions"]
    assert (caution["code"], caution["more"]) == ("few_rankings", 299)
    assert "about 299 more ranked prompts are advisable" in caution["sentence"]


def test_only_managers_adopt(
    ranked: Project, make_model: MakeModel, api: Api, viewer: Person, annotator: Person, outsider: Person
) -> None:
    model = make_model()
    for person, refusal in ((viewer, 403), (annotator, 403), (outsider, 404)):
        assert api(person).post(f"/api/v1/reward-models/{model.pk}/adopt/").status_code == refusal
    assert not RewardModel.objects.get().is_adopted


def test_standings(project: Project, fill: Callable[[int], None], api: Api, viewer: Person) -> None:
    fill(1)
    found = api(viewer).get(STANDINGS)
    assert (found.status_code, found.json()["standings"]) == (200, [])
    assert api(viewer).get(f"{STANDINGS}?length_control=1").json()["length_control"]
    assert api(viewer).get(f"{STANDINGS}?length_control=maybe").status_code == 400


def test_annotators_and_outsiders_see_no_standings(
    project: Project, api: Api, annotator: Person, outsider: Person
) -> None:
    for person, refusal in ((annotator, 403), (outsider, 404)):
        assert api(person).get(STANDINGS).status_code == refusal


def test_the_labs_settings(project: Project, api: Api, owner: Person) -> None:
    wishes = {"retrain_hours": 6, "retrain_at": "02:30:00", "retrain_below": 0.6, "next_strategy": "uncertainty"}
    changed = api(owner).patch("/api/v1/projects/letters/", wishes)
    assert changed.status_code == 200
    assert {name: changed.json()[name] for name in wishes} == wishes
    for bad in ({"retrain_hours": 0}, {"retrain_below": 0.2}, {"next_strategy": "magic"}, {"retrain_at": "25:00"}):
        assert api(owner).patch("/api/v1/projects/letters/", bad).status_code == 400


@pytest.mark.parametrize("draws", [0, 65, "many"])
def test_best_of_nonsense(
    project: Project, fill: Callable[[int], None], api: Api, owner: Person, draws: object
) -> None:
    fill(1)
    assert api(owner).post("/api/v1/projects/letters/generations/", {"best_of": draws}).status_code == 400


def test_best_of_without_a_model(project: Project, fill: Callable[[int], None], api: Api, owner: Person) -> None:
    fill(1)
    asked = api(owner).post("/api/v1/projects/letters/generations/", {"best_of": 4, "per_prompt": 5})
    assert (asked.status_code, "train one first" in asked.json()["detail"]) == (422, True)
