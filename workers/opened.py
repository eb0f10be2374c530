"""Models kept open between turns: loading one takes seconds, and somebody waits for the answer."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from annotation.models import Generator
from workers.generating import open_generator
from workers.generation import Backend, Cancelled

MOST_OPEN = 2  # local models a process; the one that was used longest ago goes first
ASK_EVERY_S = 0.2


class Opened:
    """A local model, whose turn it is, and how many want it."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.backend: Backend | None = None
        self.wanted = 0


_opened: dict[tuple[str, ...], Opened] = {}  # the one used last stands last
_guard = threading.Lock()


@contextmanager
def borrowed(generator: Generator, cancelled: Callable[[], bool]) -> Iterator[Backend]:
    """The generator's model, for this thread alone. Raises `Cancelled` while it waits, and what opening raises."""
    if generator.backend == Generator.Backend.OPENAI:  # nothing to keep: a server answers many at once
        yield open_generator(generator)
        return
    entry = _want(generator)
    try:
        while not entry.turn.acquire(timeout=ASK_EVERY_S):
            if cancelled():
                raise Cancelled
        try:
            entry.backend = entry.backend or open_generator(generator)
            yield entry.backend
        finally:
            entry.turn.release()
    finally:
        with _guard:
            entry.wanted -= 1


def _want(generator: Generator) -> Opened:
    key = (generator.location, repr(sorted(generator.parameters.get("options", {}).items())))
    with _guard:
        entry = _opened.pop(key, Opened())
        _opened[key] = entry
        entry.wanted += 1
        idle = [other for other, each in _opened.items() if not each.wanted]
        for other in idle[: max(0, len(_opened) - MOST_OPEN)]:
            if backend := _opened.pop(other).backend:
                backend.close()
    return entry


def close_all() -> None:
    """Give all memory back; nobody may be at work."""
    with _guard:
        for entry in _opened.values():
            if entry.backend:
                entry.backend.close()
        _opened.clear()
