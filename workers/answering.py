"""One turn's answers, from the models that were drawn for it.

Each generator works in a thread of its own, all its answers in one batch, with those of other turns that wait for the
same model (opened.py). A finished answer is stored at once, so that a worker that takes over asks only for the rest.
Whoever is slow is waited for as long as `CHAT_PATIENCE_S` once two answers are there; a model that fails costs the turn
nothing but its answer.
"""

import logging
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from django.conf import settings
from django.db import connection

from annotation import chatting
from annotation.content import storable
from annotation.models import Candidate, Turn
from workers import jobs, opened
from workers.generation import Answer, BackendRefused, BackendUnavailable, Cancelled, Request, Sampling
from workers.live import Telling
from workers.sentences import Sentence, stored

logger = logging.getLogger(__name__)

ENOUGH = 2  # answers, to compare
EXTRA_ROUNDS = 1  # further tries for an answer that was empty, or the same as another
TOO_SLOW = Sentence("It took too long.")
EMPTY = Sentence("It answered with nothing.")


class Answering:
    """One attempt at a turn. `stop` says that it is in vain: taken back, lost, or the worker shuts down."""

    def __init__(self, turn: Turn, stop: Callable[[], bool]) -> None:
        self.turn, self.stop = turn, stop
        self.messages = chatting.asked(turn)
        self.telling = Telling(turn.pk, f"{turn.rounds}.{turn.attempt}")
        self.began: float | None = None  # when the last of the models was there; loading and standing in line count not
        self.enough_since: float | None = None
        self.lock = threading.Lock()

    def run(self) -> None:
        """Ask until every candidate is done or failed; says nothing of the turn's state."""
        for last in range(1 + EXTRA_ROUNDS):
            wanted = list(self.turn.candidates.filter(state=Candidate.State.WANTED).select_related("generator"))
            if wanted:
                self._ask(wanted)
            if self.stop() or not self._sort_out(final=last == EXTRA_ROUNDS or self.in_vain()):
                return

    def in_vain(self) -> bool:
        """Whether nobody waits for more; asked often, from any thread."""
        now = time.monotonic()
        patient = self.enough_since is None or now - self.enough_since < settings.CHAT_PATIENCE_S
        too_long = self.began is not None and now - self.began > settings.CHAT_LONGEST_S
        return self.stop() or not patient or too_long

    def _ask(self, wanted: Sequence[Candidate]) -> None:
        by_generator = sorted(wanted, key=lambda candidate: candidate.generator_id)
        groups = [list(group) for _, group in groupby(by_generator, key=lambda candidate: candidate.generator_id)]
        if len(groups) == 1:
            self._ask_one(groups[0])
            return
        with ThreadPoolExecutor(len(groups), thread_name_prefix=f"turn-{self.turn.pk}") as pool:
            list(pool.map(self._ask_in_thread, groups))

    def _ask_in_thread(self, group: list[Candidate]) -> None:
        try:
            self._ask_one(group)
        finally:
            connection.close()

    def _ask_one(self, group: list[Candidate]) -> None:
        """Have one generator say its answers; whatever it does, its candidates have an end."""
        ear = Ear(self, group)
        try:
            requests = [
                Request(str(each.pk), self.messages, Sampling(**each.sampling()))  # type: ignore[arg-type]
                for each in group
            ]
            opened.ask(group[0].generator, requests, ear, cancelled=self.in_vain, begun=self._begin)
        except Cancelled:
            ear.fail_rest(TOO_SLOW)
        except (BackendRefused, BackendUnavailable, jobs.Refused) as refusal:
            ear.fail_rest(refusal)
        except Exception as error:  # noqa: BLE001 - the others' answers must not be lost with this one's
            trace = "".join(traceback.format_exception(error)).encode("ascii", "backslashreplace").decode()
            logger.error("turn %s: generator %s failed: %s", self.turn.pk, group[0].generator_id, trace)
            ear.fail_rest(f"{type(error).__name__}: {error}"[:2000])

    def _begin(self) -> None:
        self.began = time.monotonic()

    def keep(self, candidate: Candidate, answer: Answer) -> None:
        """Store a finished answer, unless somebody else has the turn by now."""
        copied = ("finish_reason", "prompt_tokens", "completion_tokens", "latency_ms")
        facts = {name: getattr(answer, name) for name in copied}
        text = storable(answer.text).strip()
        if self._mine(candidate, state=Candidate.State.DONE, text=text, error="", error_words=None, **facts):
            with self.lock:
                there = self.turn.candidates.filter(state=Candidate.State.DONE).exclude(text="").count()
                if there >= ENOUGH and self.enough_since is None:
                    self.enough_since = time.monotonic()

    def fail(self, candidate: Candidate, error: object) -> None:
        """`error`: a sentence or an error with one, or somebody else's text."""
        self._mine(candidate, state=Candidate.State.FAILED, **stored(error))

    def _mine(self, candidate: Candidate, **fields: object) -> int:
        """Write only while this attempt has the turn: a worker given up for lost cannot write over its successor."""
        if self.stop():
            return 0
        mine = Turn.objects.filter(pk=self.turn.pk, attempt=self.turn.attempt, state=Turn.State.ANSWERING)
        return Candidate.objects.filter(pk=candidate.pk, turn__in=mine).update(**fields)

    def _sort_out(self, *, final: bool) -> bool:
        """Ask again for what was empty or said already; answers whether there is anything to ask for."""
        seen: set[str] = set()
        again = 0
        for candidate in self.turn.candidates.filter(state=Candidate.State.DONE):
            if candidate.text and candidate.text not in seen:
                seen.add(candidate.text)
                continue
            again += 1
            self._reject(candidate, final=final)
        return bool(again) and not final

    def _reject(self, candidate: Candidate, *, final: bool) -> None:
        if not final:
            self._mine(candidate, state=Candidate.State.WANTED, seed=chatting.new_seed())
        elif candidate.text:
            self._mine(candidate, state=Candidate.State.SAME)
        else:
            self.fail(candidate, EMPTY)


class Ear:
    """Hears one generator's answers for a turn: live text to Redis, whole answers to PostgreSQL."""

    def __init__(self, answering: Answering, group: Sequence[Candidate]) -> None:
        self.answering, self.group = answering, group
        self.rest = set(range(len(group)))

    def hear(self, texts: list[str]) -> None:
        said = {candidate.pk: text for candidate, text in zip(self.group, texts, strict=True)}
        with self.answering.lock:
            self.answering.telling.say(said)

    def ended(self, index: int, outcome: Answer | BackendUnavailable | BackendRefused) -> None:
        self.rest.discard(index)
        if isinstance(outcome, Answer):
            with self.answering.lock:
                self.answering.telling.say({self.group[index].pk: outcome.text}, now=True)
            self.answering.keep(self.group[index], outcome)
        else:
            self.answering.fail(self.group[index], outcome)

    def fail_rest(self, error: object) -> None:
        for index in self.rest:
            self.answering.fail(self.group[index], error)
