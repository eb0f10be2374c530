"""Scores from a reward model: for every answer of a project, as a job; for a few texts at once, as a quick question.

Models load here, inside a worker, and never in the web process, which asks through Redis.
"""

import json
import uuid
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet

from annotation.models import Person, Project, Prompt, Sample
from annotation.models.project import NextStrategy
from workers import adoption, jobs
from workers.figures import report
from workers.models import Job, RewardModel, Score
from workers.nextup import priorities
from workers.sentences import Sentence

if TYPE_CHECKING:
    from workers.reward.score import Scorer

CHUNK = 16  # prompts
ANSWER_KEPT_S = 120
TAKEN_UP_S = 2  # for a worker to take a question up: a web thread must not wait for one that is busy, or not there
TAKEN = b"taken"


class NoAnswer(Exception):
    """No worker answered in time; the message is a sentence for the person who asked."""


def start(*, reward_model: RewardModel, by: Person | None) -> Job:
    """Queue a job that scores the answers of the model's project which lack its score, and does what follows."""
    arguments = {"reward_model": reward_model.pk}
    return jobs.enqueue(Job.Kind.SCORE, project=reward_model.project, by=by, arguments=arguments)


def adopt(*, model: RewardModel, by: Person) -> RewardModel:
    """A manager's word: this version counts from now on. What lacks its score gets one, and the queue follows."""
    if model.is_adopted:
        return model
    chosen = adoption.choose(model=model, by=by)
    start(reward_model=chosen, by=by)
    return chosen


def wants_scores(project: Project) -> QuerySet[Sample]:
    """Answers that people may get to see, and those that best of n set aside, which may yet be called for."""
    answers = Sample.objects.filter(prompt__project=project)
    return answers.filter(Q(usable=True) | Q(parameters__has_key="best_of"))


@jobs.handler(Job.Kind.SCORE)
def score(job: jobs.RunningJob) -> dict[str, Any]:
    """Score what lacks a score, chunk by chunk, so that it resumes; then adoption, figures, and what to rank next."""
    model = RewardModel.objects.select_related("project").get(pk=job.arguments["reward_model"], project=job.project)
    newest = Sample.objects.filter(prompt__project=job.project).aggregate(newest=Max("pk"))["newest"] or 0
    _score_all(job, model)
    RewardModel.objects.filter(pk=model.pk, scored_to__lt=newest).update(scored_to=newest)
    return {"reward_model": model.pk, "scores": Score.objects.filter(reward_model=model).count(), **_after(job, model)}


def _score_all(job: jobs.RunningJob, model: RewardModel) -> None:
    lacking = wants_scores(job.project).exclude(scores__reward_model=model)
    prompts = Prompt.objects.filter(pk__in=lacking.values("prompt")).order_by("pk")
    total, done, last = prompts.count(), 0, 0
    job.progress(0, total, "loading the model")
    if not total:
        return
    scorer = scorer_of(model)
    while chunk := list(prompts.filter(pk__gt=last)[:CHUNK]):
        samples = list(lacking.filter(prompt__in=chunk).select_related("prompt").order_by("prompt_id", "pk"))
        scores = scores_of(scorer, model, samples)
        done, last = done + len(chunk), chunk[-1].pk
        with transaction.atomic():
            keep(scores)
            job.progress(done, max(total, done), "scoring")


def scores_of(scorer: "Scorer", model: RewardModel, samples: Sequence[Sample]) -> list[Score]:
    """Unsaved scores of samples that stand prompt by prompt, each with its prompt at hand."""
    by_prompt = [list(own) for _, own in groupby(samples, key=lambda sample: sample.prompt_id)]
    asked = [(own[0].prompt.messages, [sample.text for sample in own]) for own in by_prompt]
    values = [value for group in scorer.score_many(asked) for value in group]
    return [Score(reward_model=model, sample=s, value=v) for s, v in zip(samples, values, strict=True)]


def keep(scores: Sequence[Score]) -> None:
    Score.objects.bulk_create(
        scores, update_conflicts=True, unique_fields=["reward_model", "sample"], update_fields=["value"]
    )


def _after(job: jobs.RunningJob, model: RewardModel) -> dict[str, Any]:
    """What new scores are for. Each step finds what an earlier attempt did, or does it again to the same effect."""
    job.progress(0, 0, "comparing with the adopted version")
    model = adoption.decide(model)
    job.log("Version %(version)d: %(verdict)s.", version=model.version, verdict=adoption.in_words(model))
    if "figures" not in model.metrics:
        job.progress(0, 0, "measuring")
        figures = report.report(model, job.check)
        model.metrics = {**model.metrics, "figures": figures}
        model.save(update_fields=["metrics"])
    if not model.is_adopted:
        return {"adopted": False}
    job.progress(0, 0, "choosing what to rank next")
    chosen = priorities.apply(model, job.check)
    job.log(
        "What to rank next (%(strategy)s): %(n)d tasks changed their priority.",
        strategy=Sentence(NextStrategy(chosen["strategy"]).label),
        n=chosen["changed"],
    )
    return {"adopted": True, "priorities": chosen}


def folder_of(model: RewardModel) -> Path:
    return Path(settings.DATA_DIR) / "reward_models" / model.folder


def scorer_of(model: RewardModel) -> "Scorer":
    """The model, loaded; the process keeps the last one. Raises `workers.reward.config.TrainingRefused`."""
    return _scorer(str(folder_of(model)))


@lru_cache(maxsize=1)
def _scorer(folder: str) -> "Scorer":
    from workers.reward.score import Scorer  # loads torch

    return Scorer(folder)


def ask(
    *, reward_model: RewardModel, messages: list[dict[str, str]], responses: Sequence[str], timeout: float = 30
) -> list[float]:
    """Scores of a few answers to one prompt, from a worker of the score queue.

    Raises `NoAnswer`: after `TAKEN_UP_S` seconds where no worker takes the question up (none is there, or all are
    busy), after `timeout` where one did and is still at it.
    """
    from workers.tasks import score_texts

    key = f"prefloop:score:{uuid.uuid4()}"
    question = json.dumps({"messages": messages, "responses": list(responses)})
    try:
        score_texts.apply_async(args=[reward_model.pk, question, key], expires=TAKEN_UP_S, retry=False)
        with redis.Redis.from_url(settings.REDIS_URL) as connection:
            answer = connection.blpop([key], timeout=TAKEN_UP_S)
            if answer and answer[1] == TAKEN:
                answer = connection.blpop([key], timeout=timeout)
            elif answer is None:
                raise NoAnswer("No worker of the score queue is free: all are scoring a project, or none is running.")
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
    with redis.Redis.from_url(settings.REDIS_URL) as connection:
        connection.rpush(key, TAKEN)
        connection.expire(key, ANSWER_KEPT_S)
    try:
        values = scorer_of(model).score(asked["messages"], asked["responses"])
    finally:
        with redis.Redis.from_url(settings.REDIS_URL) as connection:
            connection.rpush(key, json.dumps(values))
            connection.expire(key, ANSWER_KEPT_S)
