"""Questions to a reward model: a worker that cannot answer says so at once."""

import json
from uuid import uuid4

import pytest
import redis
from django.conf import settings

from annotation.models import Person, Project
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
        assert connection.blpop([key], timeout=1) == (key.encode(), b"null")


@pytest.mark.parametrize("name", ["processes", "threads"])
def test_nobody_starts_a_thousand_trainers(name: str) -> None:
    with pytest.raises(jobs.Refused, match=f"{name} may be"):
        training._config({name: 1000})
