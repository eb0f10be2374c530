"""Says answers piece by piece while their tokens arrive."""

import time
from collections.abc import Callable, Sequence

from workers.generation.chat import PLAIN_STOP, Chat
from workers.generation.text import storable

HEAR_EVERY = 0.1  # seconds between two tellings of all texts
HALF_CHARACTER = "\ufffd"  # how a decoder shows bytes whose rest is yet to come


class Echo:
    """Turns the tokens so far into pieces of text that never have to be taken back; joined, they are the answer."""

    def __init__(self, chat: Chat, say: Callable[[str], None]) -> None:
        self.chat, self.say = chat, say
        self.said = 0
        self.held = 0 if chat.has_template else len(PLAIN_STOP)  # the end may turn out to be the next turn's mark

    def hear(self, tokens: list[int]) -> None:
        """Take all tokens of the answer so far, and say what is new and certain."""
        text = storable(self.chat.text(tokens)).rstrip(HALF_CHARACTER)
        self._say_up_to(text, len(text) - self.held)

    def finish(self, text: str) -> None:
        """Say what is left of the whole answer."""
        self._say_up_to(text, len(text))

    def _say_up_to(self, text: str, end: int) -> None:
        if end > self.said:
            self.say(text[self.said : end])
            self.said = end


class Chorus:
    """Several answers heard together: tells all texts so far, not more often than every `HEAR_EVERY` seconds."""

    def __init__(self, chat: Chat, rows: int, tell: Callable[[list[str]], None]) -> None:
        self.tell = tell
        self.texts = [""] * rows
        self.echoes = [Echo(chat, self._adder(row)) for row in range(rows)]
        self.told = 0.0

    def hear(self, rows: Sequence[list[int]]) -> None:
        """Take each row's tokens so far."""
        if time.monotonic() - self.told < HEAR_EVERY:
            return
        for echo, tokens in zip(self.echoes, rows, strict=True):
            echo.hear(tokens)
        self._tell()

    def finish(self, row: int, text: str) -> None:
        """Tell the row's whole answer."""
        self.echoes[row].finish(text)
        self._tell()

    def _adder(self, row: int) -> Callable[[str], None]:
        def add(piece: str) -> None:
            self.texts[row] += piece

        return add

    def _tell(self) -> None:
        self.told = time.monotonic()
        self.tell(list(self.texts))
