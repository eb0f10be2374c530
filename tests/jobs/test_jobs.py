"""Jobs are held by PostgreSQL: claimed once, cancelled, revived, fenced off from workers that were given up."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from annotation.models import Person, Project
from workers import jobs
from workers.app import app
from workers.models import Job
from workers.queues import ROUTES, Queue

pytestmark = pytest.mark.django_db(transaction=True)
Work = Callable[[jobs.RunningJob], dict[str, Any]]


@pytest.fixture
def doing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], None]:
    """`doing(work)`: what a scoring job does in this test."""
    return lambda work: monkeypatch.setitem(jobs.HANDLERS, Job.Kind.SCORE, work)


@pytest.fixture(autouse=True)
def not_stopping() -> Iterator[None]:
    jobs.stopping.clear()
    yield
    jobs.stopping.clear()


@pytest.fixture
def job(project: Project, owner: Person) -> Job:
    return jobs.enqueue(Job.Kind.SCORE, project=project, by=owner, arguments={})


def after(job: Job) -> Job:
    jobs.run(str(job.pk))
    job.refresh_from_db()
    return job


def test_it_works(job: Job, doing: Callable[[Work], None]) -> None:
    def work(running: jobs.RunningJob) -> dict[str, Any]:
        running.progress(1, 2, "half")
        running.log("hello")
        return {"made": 7}

    doing(work)
    done = after(job)
    assert (done.state, done.result, done.percent) == (Job.State.SUCCEEDED, {"made": 7}, 50)
    assert "hello" in done.log
    assert not done.project.jobs.unfinished().exists()


def test_a_second_message_does_nothing(job: Job, doing: Callable[[Work], None]) -> None:
    runs: list[int] = []
    doing(lambda running: runs.append(running.attempt) or {})
    after(job)
    after(job)
    assert runs == [1]


@pytest.mark.parametrize("kind", [jobs.Refused, RuntimeError])
def test_a_failure_in_words_that_postgresql_cannot_hold_is_said_too(
    job: Job, doing: Callable[[Work], None], kind: type[Exception]
) -> None:
    """A model server's own error may hold anything; the job must not look lost, and be tried again, for that."""

    def work(running: jobs.RunningJob) -> dict[str, Any]:
        running.log("It said a\0\ud800.")
        raise kind("It said b\0\ud800.")

    doing(work)
    ended = after(job)
    assert ended.state == Job.State.FAILED
    assert "It said b\ufffd." in ended.error
    assert "It said a\ufffd." in ended.log


def test_what_goes_wrong_is_said(job: Job, doing: Callable[[Work], None]) -> None:
    def work(running: jobs.RunningJob) -> dict[str, Any]:
        raise jobs.Refused("There is nothing to score: add answers first.")

    doing(work)
    assert (after(job).state, job.error) == (Job.State.FAILED, "There is nothing to score: add answers first.")


def test_a_waiting_job_is_cancelled_at_once(job: Job, owner: Person) -> None:
    jobs.cancel(job, by=owner)
    assert after(job).state == Job.State.CANCELLED


def test_a_running_job_is_cancelled_at_its_next_step(job: Job, owner: Person, doing: Callable[[Work], None]) -> None:
    def work(running: jobs.RunningJob) -> dict[str, Any]:
        jobs.cancel(job, by=owner)
        running._pulse_once()
        running.progress(1, 2)
        raise AssertionError("went on after it was cancelled")

    doing(work)
    assert after(job).state == Job.State.CANCELLED


def test_a_worker_that_stops_gives_its_job_back(job: Job, doing: Callable[[Work], None]) -> None:
    def work(running: jobs.RunningJob) -> dict[str, Any]:
        jobs.stopping.set()
        running.check()
        return {}

    doing(work)
    assert after(job).state == Job.State.QUEUED
    jobs.stopping.clear()
    doing(lambda running: {"done": True})
    assert after(job).state == Job.State.SUCCEEDED


def test_a_lost_worker_is_replaced_and_can_no_longer_write(job: Job, doing: Callable[[Work], None]) -> None:
    def successor(running: jobs.RunningJob) -> dict[str, Any]:
        return {"by": running.attempt}

    def lost(running: jobs.RunningJob) -> dict[str, Any]:
        silent = timezone.now() - timedelta(hours=1)
        Job.objects.filter(pk=running.id).update(heartbeat_at=silent)
        doing(successor)
        assert jobs.revive_lost() == 1
        jobs.run(str(running.id))
        with pytest.raises(jobs.Interrupted):
            running.progress(1, 1)
        return {"by": running.attempt}

    doing(lost)
    assert after(job).result == {"by": 2}


def test_a_job_that_keeps_killing_its_worker_is_given_up(job: Job, doing: Callable[[Work], None]) -> None:
    Job.objects.update(attempt=jobs.MAX_ATTEMPTS)
    doing(lambda running: {})
    assert after(job).state == Job.State.FAILED
    assert "Given up" in job.error


def test_beat_wakes_what_no_worker_heard_of(job: Job) -> None:
    Job.objects.update(woken_at=None)
    assert jobs.revive_lost() == 1
    assert jobs.revive_lost() == 0


def test_never_two_trainings_of_one_project(project: Project, owner: Person) -> None:
    jobs.enqueue(Job.Kind.TRAIN, project=project, by=owner, arguments={})
    with pytest.raises(IntegrityError, match="job_one_training_a_project"):
        jobs.enqueue(Job.Kind.TRAIN, project=project, by=owner, arguments={})


def test_every_task_names_its_queue() -> None:
    ours = {name for name in app.tasks if name.startswith("workers.")}
    assert ours == set(ROUTES)
    assert set(jobs.QUEUES.values()) <= set(Queue)
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= ours
