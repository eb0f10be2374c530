"""Models kept open between turns, and turns of several people answered by one of them together.

Loading a model takes seconds, and somebody waits for the answer. A local model has one thread that answers. Whoever
asks while it is at work waits; when it is free all who wait are answered in one batch, first come first served: reading
the weights, which is most of the work, is done once for all of them. So nobody waits for more than what is being
written now, and then writes as quickly as alone.
"""

import threading
from collections.abc import Callable, Sequence

from django.db import connection

from annotation.models import Generator
from workers.generating import open_generator
from workers.generation import Backend, Cancelled, Request
from workers.generation.backend import Listener
from workers.together import Batch, Call, first_batch

MOST_OPEN = 2  # local models a process; the one that was used longest ago goes first


class Opened:
    """A local model, who waits for it, and the thread that answers as long as somebody does."""

    def __init__(self, opening: Callable[[], Backend]) -> None:
        self.opening = opening
        self.backend: Backend | None = None
        self.guard = threading.Lock()
        self.waiting: list[Call] = []
        self.thread: threading.Thread | None = None
        self.wanted = 0

    @property
    def idle(self) -> bool:
        return not self.wanted and self.thread is None

    def ask(self, call: Call) -> None:
        """Wait for the call's end. Raises what it ended with."""
        with self.guard:
            self.waiting.append(call)
            if self.thread is None:
                self.thread = threading.Thread(target=self._work, name="model", daemon=True)
                self.thread.start()
        call.wait()

    def _work(self) -> None:
        try:
            while calls := self._next():
                self._answer(calls)
        finally:
            connection.close()

    def _next(self) -> list[Call]:
        """Who is answered next; where nobody waits any more this thread ends."""
        with self.guard:
            wanted = [call for call in self.waiting if not call.is_over]
            calls = first_batch(wanted)
            self.waiting = wanted[len(calls) :]
            if not calls:
                self.thread = None
            return calls

    def _answer(self, calls: Sequence[Call]) -> None:
        """Answer them; a failure that several share is tried alone with each, and costs only its own turn."""
        try:
            self.backend = self.backend or self.opening()
            for call in calls:
                call.begin()
            batch = Batch(calls)
            if batch.requests:
                self.backend.stream_all(batch.requests, batch, cancelled=batch.cancelled)
            error = None
        except Exception as raised:  # noqa: BLE001 - raised where it is waited for
            error = raised
        left = [call for call in calls if not call.is_over]
        if error and len(calls) > 1 and not isinstance(error, Cancelled):
            for call in left:
                self._answer([call])
        else:
            for call in left:
                call.end(error)

    def close(self) -> None:
        if thread := self.thread:
            thread.join()
        if self.backend:
            self.backend.close()


_opened: dict[tuple[str, ...], Opened] = {}  # the one used last stands last
_guard = threading.Lock()


def ask(
    generator: Generator,
    requests: Sequence[Request],
    listener: Listener,
    *,
    cancelled: Callable[[], bool],
    begun: Callable[[], None],
) -> None:
    """Have the generator answer; `begun` is called when it does, after loading and waiting for others.

    Raises `Cancelled`, and what opening and answering raise.
    """
    if generator.backend == Generator.Backend.OPENAI:  # nothing to keep: a server answers many at once
        backend = open_generator(generator)
        begun()
        backend.stream_all(requests, listener, cancelled=cancelled)
        return
    _ask(generator, Call(requests, listener, cancelled, begun))


def warm(generator: Generator, cancelled: Callable[[], bool]) -> None:
    """Have the local model loaded: the first who asks need not wait for that. Raises as `ask` does."""
    _ask(generator, Call.to_load(cancelled))


def _ask(generator: Generator, call: Call) -> None:
    entry = _want(generator)
    try:
        entry.ask(call)
    finally:
        with _guard:
            entry.wanted -= 1


def _want(generator: Generator) -> Opened:
    key = (generator.location, repr(sorted(generator.parameters.get("options", {}).items())))
    with _guard:
        entry = _opened.pop(key, None) or Opened(lambda: open_generator(generator))
        _opened[key] = entry
        entry.wanted += 1
        idle = [other for other, each in _opened.items() if each.idle]
        for other in idle[: max(0, len(_opened) - MOST_OPEN)]:
            _opened.pop(other).close()
    return entry


def close_all() -> None:
    """Give all memory back; nobody may be asking any more."""
    with _guard:
        for entry in _opened.values():
            entry.close()
        _opened.clear()
