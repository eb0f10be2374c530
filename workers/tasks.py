"""Celery tasks: three lines each. queues.py names the queue of each."""

from celery import shared_task

from annotation import assignment
from workers import chatting, jobs, milestones, scoring, triggers, webhooks


@shared_task(name="workers.run_job")
def run_job(job_id: str) -> None:
    jobs.run(job_id)


@shared_task(name="workers.revive_lost")
def revive_lost() -> None:
    jobs.revive_lost()


@shared_task(name="workers.expire_leases")
def expire_leases() -> None:
    assignment.expire_overdue()


@shared_task(name="workers.pull_triggers")
def pull_triggers() -> None:
    triggers.pull()


@shared_task(name="workers.score_texts")
def score_texts(model_id: int, question: str, key: str) -> None:
    scoring.answer(model_id, question, key)


@shared_task(name="workers.answer_turn")
def answer_turn(turn_id: int) -> None:
    chatting.answer(turn_id)


@shared_task(name="workers.warm_models")
def warm_models(assignment_id: str) -> None:
    chatting.load(assignment_id)


@shared_task(name="workers.revive_turns")
def revive_turns() -> None:
    chatting.revive_lost()


@shared_task(name="workers.deliver_webhook")
def deliver_webhook(delivery_id: str) -> None:
    webhooks.deliver(delivery_id)


@shared_task(name="workers.deliver_due")
def deliver_due() -> None:
    webhooks.wake_due()


@shared_task(name="workers.look_for_milestones")
def look_for_milestones() -> None:
    milestones.look()
