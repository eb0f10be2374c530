"""Celery: `celery -A workers.app worker -Q generate,score`. It carries wake-up calls only; jobs.py holds the work."""

import os

from celery import Celery
from celery.signals import worker_shutting_down

from workers.queues import ROUTES, Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

app = Celery("prefloop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_default_queue=Queue.DEFAULT.value,
    task_routes={name: {"queue": queue.value} for name, queue in ROUTES.items()},
    task_ignore_result=True,
    task_acks_late=False,  # a lost message is found by beat; a repeated one is refused by the job's claim
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"socket_timeout": 10, "socket_connect_timeout": 3},
    beat_schedule={
        "revive-lost-jobs": {"task": "workers.revive_lost", "schedule": 5.0, "options": {"expires": 5}},
        "revive-lost-turns": {"task": "workers.revive_turns", "schedule": 5.0, "options": {"expires": 5}},
        "expire-leases": {"task": "workers.expire_leases", "schedule": 15.0, "options": {"expires": 15}},
        "deliver-due-webhooks": {"task": "workers.deliver_due", "schedule": 10.0, "options": {"expires": 10}},
        "milestones": {"task": "workers.look_for_milestones", "schedule": 60.0, "options": {"expires": 60}},
        "pull-triggers": {"task": "workers.pull_triggers", "schedule": 10.0, "options": {"expires": 10}},
    },
)
app.autodiscover_tasks(["workers"])


@worker_shutting_down.connect
def _stop_jobs(**_: object) -> None:
    from workers import jobs

    jobs.stopping.set()
