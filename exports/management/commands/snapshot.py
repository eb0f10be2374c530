import threading
import time
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from annotation.models import Project
from exports.jobs import start
from exports.models import Snapshot
from workers import jobs
from workers.models import Job

POLL_S = 0.2


class Command(BaseCommand):
    help = "Freeze a project's judgements into dataset files, here and now; prints the snapshot's id, hash and folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="the project's short name")
        parser.add_argument("--query", default="{}", help='JSON, as in \'{"formats": ["kwise"], "seed": 1}\'')

    def handle(self, *args: Any, **options: Any) -> None:
        job = self._start(options["project"], options["query"])
        self._follow(job)
        if job.state != Job.State.SUCCEEDED:
            raise CommandError(f"The snapshot was not made ({job.get_state_display()}). {job.error}".strip())
        snapshot = Snapshot.objects.get(job=job)
        self.stdout.write(f"snapshot {snapshot.pk}\nsha256   {snapshot.sha256}\nfolder   {snapshot.folder}")

    def _start(self, slug: str, query: str) -> Job:
        project = Project.objects.filter(slug=slug).first()
        if project is None:
            raise CommandError(f"There is no project {slug!r}.")
        try:
            return start(project=project, by=None, query=orjson.loads(query))
        except orjson.JSONDecodeError as error:
            raise CommandError(f"--query is not JSON: {error}.") from error
        except jobs.Refused as refusal:
            raise CommandError(str(refusal)) from refusal

    def _follow(self, job: Job) -> None:
        """Do the job in this process (a worker that is quicker may have it) and say how far it is."""
        work = threading.Thread(target=_run, args=[job.pk])
        work.start()
        try:
            while not job.is_over:
                time.sleep(POLL_S)
                job.refresh_from_db()
                self._show(job)
        except KeyboardInterrupt:
            jobs.cancel(job, by=None)
        work.join()
        job.refresh_from_db()

    def _show(self, job: Job) -> None:
        if job.percent is not None and job.state == Job.State.RUNNING:
            self.stderr.write(f"{job.phase} {job.percent}%", ending="\r" if self.stderr.isatty() else "\n")


def _run(job_id: UUID) -> None:
    try:
        jobs.run(str(job_id))
    finally:
        connection.close()
