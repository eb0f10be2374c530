"""Work on one thing while the next is being fetched."""

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")
WAITING = 2  # things that are ready at most, so that memory stays flat


def ahead(source: Iterator[T]) -> Iterator[T]:
    """What `source` gives, fetched by a thread of its own that is a step or two in front.

    The thread ends when the source does, when it fails (the error comes out here), or when the reader goes away.
    """
    ready: queue.Queue[T | _End] = queue.Queue(WAITING)
    gone = threading.Event()
    thread = threading.Thread(target=_fetch, args=(source, ready, gone), name="ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error:
            raise item.error
    finally:
        gone.set()
        while thread.is_alive():
            _drain(ready)
            thread.join(0.01)


class _End:
    def __init__(self, error: BaseException | None = None):
        self.error = error


def _fetch(source: Iterator[T], ready: "queue.Queue[T | _End]", gone: threading.Event) -> None:
    end = _End()
    try:
        for item in source:
            ready.put(item)
            if gone.is_set():
                return
    except Exception as error:  # noqa: BLE001 - it is raised again where the reader is
        end = _End(error)
    ready.put(end)


def _drain(ready: "queue.Queue[T | _End]") -> None:
    try:
        while True:
            ready.get_nowait()
    except queue.Empty:
        return
