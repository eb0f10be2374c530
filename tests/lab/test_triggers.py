"""Training starts by itself when it should, and never twice for one project."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from annotation.models import Person, Project
from tests.lab.conftest import Judge, MakeModel
from workers import adoption, triggers
from workers.models import Job, RewardModel

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forget() -> None:
    cache.clear()


def older(hours: float) -> None:
    """As if the last training had been started so many hours ago."""
    Job.objects.update(created_at=timezone.now() - timedelta(hours=hours))
    Project.objects.update(created_at=timezone.now() - timedelta(hours=hours))


def test_after_so_many_rankings(project: Project, annotator: Person, judge: Judge, fill: Callable[[int], None]) -> None:
    fill(3)
    project.retrain_every = 2
    project.save()
    judge(annotator)
    assert triggers.pull() == []
    judge(annotator)
    (job,) = triggers.pull()
    assert (job.kind, job.arguments["reason"], job.created_by) == ("train", "rankings", None)
    assert triggers.pull() == []  # it is under way


def test_every_so_many_hours(ranked: Project, make_model: MakeModel, judge: Judge, annotator: Person) -> None:
    make_model()
    ranked.retrain_hours = 6
    ranked.save()
    older(7)
    assert triggers.due(ranked) == ""  # no ranking came in since
    ranked.tasks.update(overlap=2)
    judge(_other(ranked))
    assert triggers.due(ranked) == "hours"
    older(5)
    assert triggers.due(ranked) == ""


def _other(project: Project) -> Person:
    person = Person.objects.create(username="new", is_active=True)
    project.memberships.create(person=person, role="annotator", joined_at=timezone.now())
    return person


def test_daily_at_a_time(ranked: Project, make_model: MakeModel, judge: Judge) -> None:
    make_model()
    ranked.tasks.update(overlap=2)
    judge(_other(ranked))
    now = timezone.localtime()
    ranked.retrain_at = (now - timedelta(minutes=1)).time()
    older(1)
    assert triggers.due(ranked) == "time"
    older(0)
    assert triggers.due(ranked) == ""  # that was done since the clock last showed it


def test_when_people_and_model_part_ways(ranked: Project, make_model: MakeModel, judge: Judge) -> None:
    adoption.decide(make_model(right=1.0))
    ranked.retrain_below = 0.6
    ranked.save()
    ranked.tasks.update(overlap=2)
    other = _other(ranked)
    for _ in range(triggers.LEAST_FRESH - 1):
        judge(other, reverse=True)
    assert triggers.due(ranked) == ""  # too few to tell
    for _ in range(15):
        judge(other, reverse=True)
    # Each task now has a vote for and a vote against: ties, which say nothing about the model.
    assert triggers.due(ranked) == ""
    ranked.tasks.update(overlap=4)
    for name in ("n1", "n2"):
        person = Person.objects.create(username=name)
        ranked.memberships.create(person=person, role="annotator", joined_at=timezone.now())
        for _ in range(40):
            judge(person, reverse=True)
    assert triggers.due(ranked) == "agreement"


def test_a_failed_training_is_not_tried_again_at_once(
    project: Project, annotator: Person, judge: Judge, fill: Callable[[int], None]
) -> None:
    fill(2)
    project.retrain_every = 1
    project.save()
    judge(annotator)
    (job,) = triggers.pull()
    Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, finished_at=timezone.now())
    assert triggers.pull() == []
    judge(annotator)
    assert len(triggers.pull()) == 1


def test_archived_projects_rest(project: Project, annotator: Person, judge: Judge, fill: Callable[[int], None]) -> None:
    fill(1)
    Project.objects.update(retrain_every=1, archived_at=timezone.now())
    project.refresh_from_db()
    assert triggers.pull() == []


@pytest.mark.django_db(transaction=True)
def test_never_two_at_once(project: Project, annotator: Person, judge: Judge, fill: Callable[[int], None]) -> None:
    """Several beats at one moment: one training."""
    fill(1)
    judge(annotator)
    Project.objects.update(retrain_every=1)
    started: list[Job] = []

    def beat() -> None:
        try:
            started.extend(triggers.pull())
        finally:
            connection.close()

    threads = [threading.Thread(target=beat) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(started) == Job.objects.filter(kind=Job.Kind.TRAIN).count() == 1


def test_new_answers_are_scored(ranked: Project, make_model: MakeModel, fill: Callable[[int], None]) -> None:
    model = adoption.decide(make_model())
    assert triggers.pull() == []  # everything has its score; from now on only what is newer is looked at
    assert RewardModel.objects.get().scored_to > 0
    fill(41)
    (job,) = triggers.pull()
    assert (job.kind, job.arguments) == ("score", {"reward_model": model.pk})
    assert triggers.pull() == []


def test_another_strategy_is_put_into_effect(ranked: Project, make_model: MakeModel) -> None:
    adoption.decide(make_model())
    assert triggers.pull() == []
    ranked.next_strategy = "uncertainty"
    ranked.save()
    (job,) = triggers.pull()
    assert job.kind == "score"


def test_a_broken_version_is_not_tried_every_ten_seconds(ranked: Project, make_model: MakeModel) -> None:
    adoption.decide(make_model())
    Project.objects.update(next_strategy="random")
    (job,) = triggers.pull()
    Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, finished_at=timezone.now())
    assert triggers.pull() == []


def test_a_version_whose_scoring_was_lost_is_not_forgotten(ranked: Project, make_model: MakeModel) -> None:
    """Its scoring failed before anything was decided: it is tried again, but not where somebody cancelled it."""
    make_model()
    (job,) = triggers.pull()
    over = {"finished_at": timezone.now()}
    Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, **over)
    assert triggers.pull() == []
    older(2)
    (again,) = triggers.pull()
    assert again.arguments == job.arguments
    Job.objects.filter(pk=again.pk).update(state=Job.State.CANCELLED, **over)
    assert triggers.pull() == []
