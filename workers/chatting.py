"""Turns of live chats: sent, answered in the background, resumed when a worker is lost (promise 5).

The turn itself is the durable record, as a job is of other work: a message only wakes it, a worker claims it by raising
`attempt`, beats while it works, and beat wakes again what fell silent. Not a `Job`, because thousands of turns would
bury the jobs that people look for.
"""

import logging
import random
import threading
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from annotation import chatting
from annotation.briefs import Brief
from annotation.models import Assignment, Candidate, Conversation, Generator, Turn
from workers import jobs, live, opened, voices
from workers.answering import ENOUGH, Answering
from workers.queues import Queue

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
WARM_S = 60  # between two messages that have a model loaded


@transaction.atomic
def send(*, assignment: Assignment, text: str, number: int | None = None) -> Turn:
    """The turn of this message, which a worker is told of. Raises `NotNow`, `NoLongerOpen` and `jobs.Refused`."""
    conversation = chatting.begin(assignment)
    if not conversation.voices:
        brief = chatting.brief_of(conversation)
        conversation.voices = voices.draw(voices.candidates(conversation.project, brief), brief.answers)
        Conversation.objects.filter(pk=conversation.pk).update(voices=conversation.voices)
    turn, new = chatting.add_turn(conversation=conversation, text=text, number=number)
    if new:
        transaction.on_commit(lambda: wake(turn))
    return turn


@transaction.atomic
def ask_again(turn: Turn) -> Turn:
    """Raises `NotNow` and `NoLongerOpen`."""
    turn = chatting.ask_again(turn=turn)
    transaction.on_commit(lambda: wake(turn))
    return turn


def wake(turn: Turn) -> None:
    """Tell the broker. When it is away nothing is lost: beat wakes the turn later."""
    from workers.tasks import answer_turn  # the Celery side knows this module, not the other way round

    Turn.objects.filter(pk=turn.pk).update(woken_at=timezone.now())
    try:
        answer_turn.apply_async(args=[turn.pk], queue=Queue.CHAT, retry=False)
    except answer_turn.OperationalError:
        logger.warning("the broker is away; turn %s waits for beat", turn.pk)


def warm(assignment: Assignment) -> None:
    """Have the models loaded while the person types: it may take seconds, and may as well not happen."""
    from workers.tasks import warm_models

    try:
        if live.connection().set(f"prefloop:warm:{assignment.task_id}", 1, nx=True, ex=WARM_S):
            warm_models.apply_async(args=[str(assignment.pk)], queue=Queue.CHAT, retry=False, expires=WARM_S)
    except (*live.BROKEN, warm_models.OperationalError):
        logger.warning("the broker is away; no model is loaded ahead")


def load(assignment_id: str) -> None:
    """The worker's side of `warm`."""
    assignment = Assignment.objects.select_related("task", "project").get(pk=assignment_id)
    brief = Brief.of(assignment.task)
    for generator in voices.candidates(assignment.project, brief)[: brief.answers]:
        if generator.backend == Generator.Backend.TRANSFORMERS:
            opened.warm(generator, jobs.stopping.is_set)


def revive_lost() -> int:
    """Wake turns whose worker fell silent, and those whose message was lost; answers how many."""
    now = timezone.now()
    silence = timedelta(seconds=settings.JOB_LOST_AFTER_S)
    silent = Q(state=Turn.State.ANSWERING, heartbeat_at__lt=now - silence)
    unheard = Q(state=Turn.State.WAITING) & (Q(woken_at=None) | Q(woken_at__lt=now - 4 * silence))
    lost = list(Turn.objects.filter(silent | unheard))
    for turn in lost:
        wake(turn)
    return len(lost)


def answer(turn_id: int) -> None:
    """Answer the turn if it is waiting or was lost; anything else needs nothing done."""
    turn = _claim(turn_id)
    if turn is None:
        return
    with Pulse(turn) as pulse:
        if turn.attempt <= MAX_ATTEMPTS * turn.rounds:
            Answering(turn, pulse.stopped).run()
    if jobs.stopping.is_set() and not pulse.lost.is_set():
        _mine(turn).update(state=Turn.State.WAITING, woken_at=None, attempt=F("attempt") - 1)
    else:
        finish(turn)


def _claim(turn_id: int) -> Turn | None:
    silence = timezone.now() - timedelta(seconds=settings.JOB_LOST_AFTER_S)
    free = Q(state=Turn.State.WAITING) | Q(state=Turn.State.ANSWERING, heartbeat_at__lt=silence)
    claimed = Turn.objects.filter(free, pk=turn_id).update(
        state=Turn.State.ANSWERING, attempt=F("attempt") + 1, heartbeat_at=timezone.now()
    )
    related = ("conversation__project", "conversation__assignment__task")
    return Turn.objects.select_related(*related).get(pk=turn_id) if claimed else None


def _mine(turn: Turn) -> QuerySet[Turn]:
    return Turn.objects.filter(pk=turn.pk, attempt=turn.attempt, state=Turn.State.ANSWERING)


@transaction.atomic
def finish(turn: Turn) -> None:
    """Show what came, in an order that tells nothing; fewer than two answers are too few to compare.

    Where all models said the same there is one, with which the conversation can go on.
    """
    if not _mine(turn).select_for_update().exists():
        return  # taken back, or another worker has it
    candidates = list(turn.candidates.order_by("place"))
    for late in (each for each in candidates if each.state == Candidate.State.WANTED):
        late.state = Candidate.State.FAILED
        late.save(update_fields=["state"])
    there = [each.pk for each in candidates if each.state == Candidate.State.DONE]
    same = any(each.state == Candidate.State.SAME for each in candidates)
    enough = len(there) >= ENOUGH or (there and same)
    state = Turn.State.READY if enough else Turn.State.FAILED
    _mine(turn).update(state=state, shown=there if enough else [], ready_at=timezone.now())


class Pulse:
    """Beats while a turn is being answered, and hears when it was taken back or given to somebody else."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.lost, self.over = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._beat, name=f"pulse-turn-{turn.pk}", daemon=True)

    def __enter__(self) -> "Pulse":
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        self.thread.join()

    def stopped(self) -> bool:
        return self.lost.is_set() or jobs.stopping.is_set()

    def _beat(self) -> None:
        # Not all workers at the same instant; and soon at first, since people take a message back at once.
        wait = random.uniform(0.5, 1.0)
        try:
            while not self.over.wait(wait):
                self._beat_once()
                wait = min(wait * 1.5, settings.JOB_HEARTBEAT_S)
        finally:
            connection.close()

    def _beat_once(self) -> None:
        try:
            if not _mine(self.turn).update(heartbeat_at=timezone.now()):
                self.lost.set()
        except Exception:  # the database may be away for a while: the answers go on, the pulse tries again
            logger.warning("heartbeat of turn %s failed", self.turn.pk, exc_info=True)
            connection.close()
