"""Jobs done in the foreground, for commands: the same record, here and now, with how far it is."""

import threading
import time
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from annotation.models import Project
from workers import jobs
from workers.models import Job

POLL_S = 0.2


def project_named(slug: str) -> Project:
    """Raises `CommandError`."""
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise CommandError(f"There is no project {slug!r}.")
    return project


def do(job: Job, command: BaseCommand) -> Job:
    """Do the job in this process (a worker that is quicker may have it); Ctrl-C cancels it.

    Raises `CommandError` unless it succeeds.
    """
    work = threading.Thread(target=_run, args=[job.pk])
    work.start()
    try:
        while not job.is_over:
            time.sleep(POLL_S)
            job.refresh_from_db()
            _show(job, command)
    except KeyboardInterrupt:
        jobs.cancel(job, by=None)
    work.join()
    job.refresh_from_db()
    if job.state != Job.State.SUCCEEDED:
        raise CommandError(f"{job.get_kind_display()}: {job.get_state_display()}. {job.error}".strip())
    return job


def _show(job: Job, command: BaseCommand) -> None:
    if job.percent is not None and job.state == Job.State.RUNNING:
        in_place = command.stderr.isatty()
        command.stderr.write(f"{job.phase} {job.percent}%", ending="\r" if in_place else "\n")


def _run(job_id: UUID) -> None:
    try:
        jobs.run(str(job_id))
    finally:
        connection.close()
