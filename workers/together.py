"""Several turns in one batch of a model: each hears only its own answers, and ends when these are there."""

import threading
from collections.abc import Callable, Sequence

from workers.generation import Answer, BackendRefused, BackendUnavailable, Cancelled, Request
from workers.generation.backend import Listener

ASK_EVERY_S = 0.2  # whether it is still wanted
MOST_ROWS = 16  # answers a batch
MOST_CHARACTERS = 48_000  # of a batch, each row as long as the longest: padding is work too


class Call:
    """What one turn asks of a model. It is over when all is answered, or when nobody waits for it any more."""

    def __init__(
        self,
        requests: Sequence[Request],
        listener: Listener,
        cancelled: Callable[[], bool],
        begun: Callable[[], None],
    ) -> None:
        self.requests, self.listener, self.cancelled, self.begun = list(requests), listener, cancelled, begun
        self.length = max((sum(len(m["content"]) for m in request.messages) for request in requests), default=0)
        self.outcomes: dict[int, Answer | BackendUnavailable | BackendRefused] = {}
        self.lock = threading.Lock()  # nothing is told after the end
        self.over = threading.Event()
        self.error: Exception | None = None

    @classmethod
    def to_load(cls, cancelled: Callable[[], bool]) -> "Call":
        """A call without requests: it is over when the model is there."""
        return cls([], Nobody(), cancelled, lambda: None)

    @property
    def is_over(self) -> bool:
        return self.over.is_set()

    def wait(self) -> None:
        """Until it is over. Raises what it ended with; `Cancelled` as soon as nobody wants it."""
        while not self.over.wait(ASK_EVERY_S):
            if self.cancelled():
                self.end(Cancelled())
        if self.error:
            raise self.error

    def begin(self) -> None:
        self._tell(self.begun)
        if not self.requests:
            self.end(None)

    def hear(self, texts: list[str]) -> None:
        self._tell(lambda: self.listener.hear(texts))

    def ended(self, index: int, outcome: Answer | BackendUnavailable | BackendRefused) -> None:
        """One of its answers is whole. They are told together: else a turn would be cut off at its short ones."""
        self.outcomes[index] = outcome
        if len(self.outcomes) == len(self.requests):
            self._tell(self._tell_all)
            self.end(None)

    def end(self, error: Exception | None) -> None:
        with self.lock:
            if not self.over.is_set():
                self.error = error
                self.over.set()

    def _tell_all(self) -> None:
        for index in range(len(self.requests)):
            self.listener.ended(index, self.outcomes[index])

    def _tell(self, say: Callable[[], None]) -> None:
        """Whoever cannot hear ends alone: the others' answers go on."""
        with self.lock:
            if self.over.is_set():
                return
            try:
                say()
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                self.error = error
                self.over.set()


class Nobody:
    """Listens to a model that only is to be loaded."""

    def hear(self, texts: list[str]) -> None:
        """Nothing is said."""

    def ended(self, index: int, outcome: Answer | BackendUnavailable | BackendRefused) -> None:
        """Nothing was asked."""


class Batch:
    """The calls as one: hands what it hears to those whose answers they are."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls = calls
        self.places = [(call, place) for call in calls for place in range(len(call.requests))]
        self.requests = [call.requests[place] for call, place in self.places]

    def hear(self, texts: list[str]) -> None:
        rest = list(texts)
        for call in self.calls:
            mine, rest = rest[: len(call.requests)], rest[len(call.requests) :]
            call.hear(mine)

    def ended(self, index: int, outcome: Answer | BackendUnavailable | BackendRefused) -> None:
        call, place = self.places[index]
        call.ended(place, outcome)

    def cancelled(self) -> bool:
        """Nobody waits for any of it."""
        return all(call.is_over or call.cancelled() for call in self.calls)


def first_batch(waiting: Sequence[Call]) -> list[Call]:
    """The first of those who wait, and as many after it as go into one batch."""
    taken: list[Call] = []
    for call in waiting:
        together = [*taken, call]
        rows = sum(len(each.requests) for each in together)
        if taken and (rows > MOST_ROWS or rows * max(each.length for each in together) > MOST_CHARACTERS):
            break
        taken = together
    return taken
