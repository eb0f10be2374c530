"""Scores from a reward model: for every answer of a project, as a job; for a few texts at once, as a quick question.

Models load here, inside a worker, and never in the web process, which asks through Redis.
"""

import json
import uuid
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis
from django.conf import settings
from django.db import transaction

from annotation.models import Person, Prompt, Sample
from workers import jobs
from workers.models import Job, RewardModel, Score

if TYPE_CHECKING:
    from workers.reward.score import Scorer

CHUNK = 16  # prompts
ANSWER_KEPT_S = 120


class NoAnswer(Exception):
    """No worker answered in time."""


def start(*, reward_model: RewardModel, by: Person | None) -> Job:
    """Queue a job that scores every usable answer of the model's project."""
    arguments = {"reward_model": reward_model.pk}
    return jobs.enqueue(Job.Kind.SCORE, project=reward_model.project, by=by, arguments=arguments)


@jobs.handler(Job.Kind.SCORE)
def score(job: jobs.RunningJob) -> dict[str, Any]:
    """Score prompt after prompt; a chunk's scores and the progress commit together, so that it resumes."""
    model = RewardModel.objects.get(pk=job.arguments["reward_model"], project=job.project)
    prompts = Prompt.objects.filter(project=job.project).order_by("pk")
    total, done = prompts.count(), job.mine().values_list("done", flat=True).get()
    job.progress(done, total, "loading the model")
    scorer = _scorer(str(folder_of(model)))
    last = prompts[done - 1].pk if 0 < done <= total else 0
    while chunk := list(prompts.filter(pk__gt=last)[:CHUNK]):
        scores = _scores(scorer, model, chunk)
        done, last = done + len(chunk), chunk[-1].pk
        with transaction.atomic():
            Score.objects.bulk_create(
                scores, update_conflicts=True, unique_fields=["reward_model", "sample"], update_fields=["value"]
            )
            job.progress(done, max(total, done), "scoring")
    return {"reward_model": model.pk, "scores": Score.objects.filter(reward_model=model).count()}


def _scores(scorer: "Scorer", model: RewardModel, prompts: list[Prompt]) -> list[Score]:
    answers: dict[int, list[Sample]] = {prompt.pk: [] for prompt in prompts}
    for sample in Sample.objects.filter(prompt__in=prompts, usable=True).order_by("pk"):
        answers[sample.prompt_id].append(sample)
    asked = [(prompt.messages, [s.text for s in answers[prompt.pk]]) for prompt in prompts if answers[prompt.pk]]
    values = [value for group in scorer.score_many(asked) for value in group]
    samples = [sample for prompt in prompts for sample in answers[prompt.pk]]
    return [Score(reward_model=model, sample=s, value=v) for s, v in zip(samples, values, strict=True)]


def folder_of(model: RewardModel) -> Path:
    return Path(settings.DATA_DIR) / "reward_models" / model.folder


@lru_cache(maxsize=1)
def _scorer(folder: str) -> "Scorer":
    from workers.reward.score import Scorer  # loads torch

    return Scorer(folder)


def ask(
    *, reward_model: RewardModel, messages: list[dict[str, str]], responses: Sequence[str], timeout: float = 30
) -> list[float]:
    """Scores of a few answers to one prompt, from a worker of the score queue. Raises `NoAnswer`."""
    from workers.tasks import score_texts

    key = f"prefloop:score:{uuid.uuid4()}"
    question = json.dumps({"messages": messages, "responses": list(responses)})
    try:
        score_texts.apply_async(args=[reward_model.pk, question, key], expires=timeout, retry=False)
        with redis.Redis.from_url(settings.REDIS_URL) as connection:
            answer = connection.blpop([key], timeout=timeout)
    except (redis.RedisError, score_texts.OperationalError) as error:
        raise NoAnswer("The message broker is away.") from error
    if answer is None:
        raise NoAnswer("No worker of the score queue answered in time.")
    values = json.loads(answer[1])
    if values is None:
        raise NoAnswer("The worker could not score these texts; its log says why.")
    return [float(value) for value in values]


def answer(model_id: int, question: str, key: str) -> None:
    """The worker's side of `ask`."""
    model, asked = RewardModel.objects.get(pk=model_id), json.loads(question)
    values = None  # what the caller reads when the model cannot be loaded or fails: no need to wait any longer
    try:
        values = _scorer(str(folder_of(model))).score(asked["messages"], asked["responses"])
    finally:
        with redis.Redis.from_url(settings.REDIS_URL) as connection:
            connection.lpush(key, json.dumps(values))
            connection.expire(key, ANSWER_KEPT_S)
