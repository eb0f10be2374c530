"""A version's figures, from the database: everything the page shows, and a reason for what cannot be measured."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from annotation.models import Project
from tests.lab.conftest import MakeModel, running
from workers import adoption, embedding, fresh, jobs, scoring
from workers.figures import report
from workers.models import RewardModel

pytestmark = pytest.mark.django_db


def nothing() -> None:
    pass


@pytest.fixture(autouse=True)
def encoder(tiny_bert: Path, settings: Settings) -> None:
    settings.DEFAULT_REWARD_BASE = str(tiny_bert)
    embedding._encoder.cache_clear()


def test_it_works(ranked: Project, make_model: MakeModel) -> None:
    adoption.decide(make_model(right=0.0))
    model = make_model(right=1.0)
    found = report.report(model, nothing)
    assert found["split"] == "test"
    assert found["pairs"] == 6 * found["cases"] > 0
    assert found["accuracy"]["value"] == 1.0
    assert found["longer_wins"]["value"] == 0.5  # the answers are equally long, but for a digit
    assert [(slice["name"], slice["value"]) for slice in found["by_distance"]] == [(1, 1.0), (2, 1.0), (3, 1.0)]
    assert [slice["name"] for slice in found["by_language"]] == [""]
    (earlier,) = found["versions"]
    assert (earlier["version"], earlier["difference"]["value"], earlier["agreement"]["value"]) == (1, 1.0, 0.0)
    assert earlier["drift"]["answers"] == 160
    assert found["scores"]["by_generator"][0]["name"] == "m"
    assert found["probe"]["value"] is not None
    assert [point["rankings"] for point in found["learning"]["points"]][-1] >= 20
    assert found["learning"]["projection"]["reason"] in {"rankings", "families"}


def test_nothing_held_out(project: Project, make_model: MakeModel) -> None:
    found = report.report(make_model(), nothing)
    assert (found["split"], found["pairs"], found["accuracy"]["value"]) == (None, 0, None)
    assert found["unmeasured"]["probe"] == "nothing"


def test_without_an_encoder_the_rest_is_there(ranked: Project, make_model: MakeModel, settings: Settings) -> None:
    settings.DEFAULT_REWARD_BASE = "package:not_there"
    found = report.report(make_model(), nothing)
    assert found["accuracy"]["value"] == 1.0
    assert "was not found" in found["unmeasured"]["probe"]


def test_the_scoring_job_does_it_all(ranked: Project, make_model: MakeModel) -> None:
    """Every answer has its score already: what remains is to decide, to measure and to choose."""
    model = make_model()
    Project.objects.update(next_strategy="uncertainty")
    job = running(scoring.start(reward_model=model, by=None))
    result = scoring.score(job)
    assert result["adopted"]
    model.refresh_from_db()
    assert model.is_adopted
    assert model.metrics["figures"]["accuracy"]["value"] == 1.0
    assert model.priorities["strategy"] == "uncertainty"
    assert model.scored_to > 0


def test_agreement_with_fresh_rankings(ranked: Project, make_model: MakeModel) -> None:
    assert fresh.agreement(ranked)["value"] is None
    adoption.decide(make_model(right=1.0, last_judgement=0))
    found = fresh.agreement(ranked)
    assert (found["value"], found["rankings"], found["pairs"], found["version"]) == (1.0, 40, 240, 1)
    RewardModel.objects.update(last_judgement=2**40)
    assert fresh.agreement(ranked)["value"] is None


def test_it_stops_when_asked(ranked: Project, make_model: MakeModel) -> None:
    def stop() -> None:
        raise jobs.Cancelled

    with pytest.raises(jobs.Cancelled):
        report.report(make_model(), stop)
