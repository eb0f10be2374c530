"""Background work that survives its worker, Redis and the web process (promise 5).

PostgreSQL holds the job; a Celery message only wakes it. A worker claims the job by raising its `attempt`, and every
later write names that attempt, so that a worker given up for lost cannot write over its successor. A thread beats
every few seconds; beat (tasks.py) wakes again what has fallen silent.
"""

import json
import logging
import os
import shutil
import socket
import threading
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Concat, Right
from django.utils import timezone

from annotation.content import storable
from annotation.models import Person, Project
from annotation.models.audit import record
from workers import webhooks
from workers.models import Job
from workers.queues import Queue
from workers.sentences import Sentence, Spoken, stored

logger = logging.getLogger(__name__)

QUEUES = {
    Job.Kind.GENERATE: Queue.GENERATE,
    Job.Kind.TRAIN: Queue.TRAIN,
    Job.Kind.SCORE: Queue.SCORE,
    Job.Kind.SNAPSHOT: Queue.EXPORT,
    Job.Kind.PUSH: Queue.EXPORT,
    Job.Kind.COMPARE: Queue.EXPORT,
    Job.Kind.FORGET: Queue.EXPORT,
    Job.Kind.QUALITY: Queue.EXPORT,
}
MAX_ATTEMPTS = 5  # a job that took its worker down so often will do it again
LOG_TAIL = 20_000  # characters
WORDS_TAIL = 60_000  # of the same lines as JSON
# Set when this process is asked to stop: running jobs go back to the queue with what they have.
stopping = threading.Event()


class Cancelled(Exception):
    """Somebody cancelled the job: it ends here and now."""


class Interrupted(Exception):
    """The worker is shutting down, or was given up for lost: another one goes on with the job."""


class Refused(Spoken):
    """The job makes no sense as it was asked for; the message is a sentence for the person who asked."""


type_of_handler = Callable[["RunningJob"], dict[str, Any]]
HANDLERS: dict[str, type_of_handler] = {}


def handler(kind: Job.Kind) -> Callable[[type_of_handler], type_of_handler]:
    """Register the function that does jobs of `kind` and answers their `result`."""

    def register(function: type_of_handler) -> type_of_handler:
        HANDLERS[kind] = function
        return function

    return register


class RunningJob:
    """What a handler sees of its job. `progress` and `check` raise `Cancelled` or `Interrupted` when it must stop."""

    def __init__(self, job: Job):
        self.id, self.attempt = job.id, job.attempt
        self.project, self.created_by = job.project, job.created_by
        self.arguments: dict[str, Any] = job.arguments
        self.resumed = job.attempt > 1
        self._cancelled, self._lost, self._over = threading.Event(), threading.Event(), threading.Event()
        self._pulse = threading.Thread(target=self._beat, name=f"pulse-{job.id}", daemon=True)

    @property
    def folder(self) -> Path:
        """A work folder that survives a restart and goes when the job ends well."""
        path = Path(settings.DATA_DIR) / "jobs" / str(self.id)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def __enter__(self) -> "RunningJob":
        self._pulse.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._pulse.join()

    def mine(self) -> QuerySet[Job]:
        return Job.objects.filter(pk=self.id, attempt=self.attempt, state=Job.State.RUNNING)

    def check(self) -> None:
        if self._lost.is_set() or stopping.is_set():
            raise Interrupted
        if self._cancelled.is_set():
            raise Cancelled

    def must_stop(self) -> bool:
        """The same as `check`, for code that asks rather than catches."""
        return self._lost.is_set() or self._cancelled.is_set() or stopping.is_set()

    def progress(self, done: int, total: int, phase: str = "") -> None:
        self.check()
        if not self.mine().update(done=done, total=total, phase=phase, heartbeat_at=timezone.now()):
            self._lost.set()
            self.check()

    def log(self, words: object, /, **facts: object) -> None:
        """A line of the log: a sentence of ours with its facts, or anybody's text."""
        stamp, sentence = timezone.now().strftime("%H:%M:%S"), Sentence(words, **facts)
        line = Value(f"{stamp} {storable(sentence.english)}\n")
        kept = Value(json.dumps([stamp, sentence.as_json()]) + "\n")
        self.mine().update(
            log=Right(Concat(F("log"), line), LOG_TAIL), log_words=Right(Concat(F("log_words"), kept), WORDS_TAIL)
        )

    def _beat(self) -> None:
        try:
            while not self._over.wait(settings.JOB_HEARTBEAT_S):
                self._pulse_once()
        finally:
            connection.close()

    def _pulse_once(self) -> None:
        try:
            if not self.mine().update(heartbeat_at=timezone.now()):
                self._lost.set()
            elif self.mine().filter(cancel_requested_at__isnull=False).exists():
                self._cancelled.set()
        except Exception:  # the database may be away for a while: the job goes on, the pulse tries again
            logger.warning("heartbeat of job %s failed", self.id, exc_info=True)
            connection.close()


def enqueue(kind: Job.Kind, *, project: Project, by: Person | None, arguments: dict[str, Any]) -> Job:
    """Record a job and wake a worker once the transaction is committed.

    Raises `IntegrityError` for a second unfinished training of one project.
    """
    with transaction.atomic():
        job = Job.objects.create(kind=kind, queue=QUEUES[kind], project=project, created_by=by, arguments=arguments)
        record(f"job.{kind}", actor=by, project=project, subject=job.id)
        transaction.on_commit(lambda: wake(job))
    return job


def wake(job: Job) -> None:
    """Tell the broker. When it is away nothing is lost: beat wakes the job later."""
    from workers.tasks import run_job  # the Celery side knows this module, not the other way round

    Job.objects.filter(pk=job.pk).update(woken_at=timezone.now())
    try:
        run_job.apply_async(args=[str(job.id)], queue=job.queue, retry=False)
    except run_job.OperationalError:
        logger.warning("the broker is away; job %s waits for beat", job.id)


def revive_lost() -> int:
    """Wake jobs whose worker fell silent, and those whose message was lost; answers how many."""
    now = timezone.now()
    silent = Q(state=Job.State.RUNNING, heartbeat_at__lt=now - timedelta(seconds=settings.JOB_LOST_AFTER_S))
    long_ago = now - timedelta(seconds=4 * settings.JOB_LOST_AFTER_S)
    unheard = Q(state=Job.State.QUEUED) & (Q(woken_at=None) | Q(woken_at__lt=long_ago))
    lost = list(Job.objects.unfinished().filter(silent | unheard))
    for job in lost:
        wake(job)
    return len(lost)


def cancel(job: Job, *, by: Person | None) -> None:
    """Ask a job to stop: a waiting one ends at once, a running one at its next step."""
    now = timezone.now()
    waiting = Job.objects.filter(pk=job.pk, state=Job.State.QUEUED)
    if not waiting.update(state=Job.State.CANCELLED, finished_at=now, cancel_requested_at=now):
        Job.objects.unfinished().filter(pk=job.pk, cancel_requested_at=None).update(cancel_requested_at=now)
    record("job.cancel", actor=by, project=job.project, subject=job.id)


def run(job_id: str) -> None:
    """Do the job if it is waiting or was lost; anything else needs nothing done."""
    job = _claim(job_id)
    if job is None:
        return
    with RunningJob(job) as running:
        if running.resumed:
            running.log("Going on after attempt %(n)d was lost.", n=job.attempt - 1)
        _finish(running, *_outcome(running, job.kind))


def _claim(job_id: str) -> Job | None:
    silence = timezone.now() - timedelta(seconds=settings.JOB_LOST_AFTER_S)
    free = Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, heartbeat_at__lt=silence)
    now = timezone.now()
    claimed = Job.objects.filter(free, pk=job_id).update(
        state=Job.State.RUNNING,
        attempt=F("attempt") + 1,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        heartbeat_at=now,
        started_at=now,
    )
    return Job.objects.select_related("project", "created_by").get(pk=job_id) if claimed else None


def _outcome(running: RunningJob, kind: str) -> tuple[str, dict[str, Any]]:
    """The state the job ends in, and the fields that go with it."""
    try:
        if running.attempt > MAX_ATTEMPTS:
            return Job.State.FAILED, stored(Sentence("Given up: its worker was lost %(n)d times.", n=MAX_ATTEMPTS))
        if running.mine().filter(cancel_requested_at__isnull=False).exists():
            raise Cancelled
        return Job.State.SUCCEEDED, {"result": HANDLERS[kind](running)}
    except Cancelled:
        return Job.State.CANCELLED, {}
    except Interrupted:
        return Job.State.QUEUED, {"woken_at": None, "attempt": F("attempt") - 1}
    except Refused as refusal:
        return Job.State.FAILED, stored(refusal)
    except Exception as error:  # noqa: BLE001 - the record must say so, whatever it was; the rest goes to the log
        # In ASCII: an error may quote hostile text, which must not break or forge lines of the log (promise 8).
        trace = "".join(traceback.format_exception(error)).encode("ascii", "backslashreplace").decode()
        logger.error("job %s failed: %s", running.id, trace)
        return Job.State.FAILED, {"error": storable(f"{type(error).__name__}: {error}"[:2000])}


def _finish(running: RunningJob, state: str, fields: dict[str, Any]) -> None:
    if state != Job.State.QUEUED:
        fields["finished_at"] = timezone.now()
    with transaction.atomic():
        written = running.mine().update(state=state, **fields)
        if written:
            webhooks.tell_of_job(running.project, running.id, state, fields)
    if written and state in (Job.State.SUCCEEDED, Job.State.CANCELLED):
        shutil.rmtree(running.folder, ignore_errors=True)
