"""Celery tasks: three lines each. Their queue is named here, or by the job."""

from celery import shared_task

from annotation import assignment
from workers import jobs, scoring, triggers
from workers.queues import Queue


@shared_task(name="workers.run_job", queue=Queue.DEFAULT)  # a job's own queue is named by jobs.wake
def run_job(job_id: str) -> None:
    jobs.run(job_id)


@shared_task(name="workers.revive_lost", queue=Queue.DEFAULT)
def revive_lost() -> None:
    jobs.revive_lost()


@shared_task(name="workers.expire_leases", queue=Queue.DEFAULT)
def expire_leases() -> None:
    assignment.expire_overdue()


@shared_task(name="workers.pull_triggers", queue=Queue.DEFAULT)
def pull_triggers() -> None:
    triggers.pull()


@shared_task(name="workers.score_texts", queue=Queue.SCORE)
def score_texts(model_id: int, question: str, key: str) -> None:
    scoring.answer(model_id, question, key)
