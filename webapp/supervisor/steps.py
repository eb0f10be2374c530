import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Steps:
    """Says what is being done, how far it is and how long it took."""

    def __init__(self, total: int, say: Callable[[str], None]):
        self.total, self.say, self.number = total, say, 0

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        self.number += 1
        self.say(f"[{self.number}/{self.total}] {what} …")
        began = time.monotonic()
        yield
        self.say(f"      done in {time.monotonic() - began:.1f} s")
