"""Questions to a reward model: a worker that cannot answer says so at once."""

import json
import threading
import time
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings

from annotation.models import Person, Project
from tests.conftest import Api
from workers import jobs, scoring, training
from workers.models import Job, RewardModel


@pytest.fixture
def lost_model(project: Project, owner: Person) -> RewardModel:
    """A version whose folder is gone."""
    job = jobs.enqueue(Job.Kind.TRAIN, project=project, by=owner, arguments={})
    facts = {"base": "x", "folder": "gone", "data_hash": "0" * 64, "judgements": 1}
    return RewardModel.objects.create(project=project, version=1, job=job, **facts)


def test_a_worker_that_fails_leaves_nobody_waiting(lost_model: RewardModel) -> None:
    key, question = f"test:{uuid4()}", json.dumps({"messages": [], "responses": ["a"]})
    with pytest.raises(Exception, match="gone"):
        scoring.answer(lost_model.pk, question, key)
    with redis.Redis.from_url(settings.REDIS_URL) as connection:
        assert connection.lrange(key, 0, -1) == [scoring.TAKEN, b"null"]


def test_nobody_waits_for_a_worker_that_is_not_there(lost_model: RewardModel, owner: Person, api: Api) -> None:
    started = time.monotonic()
    body = {"prompt": "Why?", "responses": ["Because."]}
    answer = api(owner).post(f"/api/v1/reward-models/{lost_model.pk}/score/", body)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "No worker of the score queue is free" in answer.json()["detail"]
    assert time.monotonic() - started < 15  # seconds; it was 30 and more


def test_a_worker_that_took_the_question_up_is_waited_for(
    lost_model: RewardModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer comes from another thread here, as from a worker that loads its model first."""

    def slowly(model: int, question: str, key: str) -> None:
        with redis.Redis.from_url(settings.REDIS_URL) as connection:
            connection.rpush(key, scoring.TAKEN)
            time.sleep(0.2)
            connection.rpush(key, "[0.5]")

    def send(args: list[Any], **options: object) -> None:
        threading.Thread(target=slowly, args=args).start()

    monkeypatch.setattr("workers.tasks.score_texts.apply_async", send)
    assert scoring.ask(reward_model=lost_model, messages=[], responses=["a"]) == [0.5]


@pytest.mark.parametrize("name", ["processes", "threads"])
def test_nobody_starts_a_thousand_trainers(name: str) -> None:
    with pytest.raises(jobs.Refused, match=f"{name} may be"):
        training._config({name: 1000})
