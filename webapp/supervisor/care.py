import time
from collections.abc import Callable

from webapp.embedded import CannotStart, Pair

PAUSE_S = 5.0


class Care:
    """Called again and again, it starts a database or cache anew that has died, where it was before."""

    def __init__(self, pair: Pair, say: Callable[[str], None]):
        self.pair, self.say, self.due = pair, say, 0.0

    def __call__(self) -> None:
        if time.monotonic() < self.due:
            return
        try:
            for name in self.pair.revive():
                self.say(f"{name} had died and runs again (see {self.pair.data_dir / 'logs'}).")
        except CannotStart as error:
            self.due = time.monotonic() + PAUSE_S
            self.say(f"{error}\nTrying again in {PAUSE_S:.0f} s.")
