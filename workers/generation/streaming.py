"""Says an answer piece by piece while its tokens arrive."""

from collections.abc import Callable

from workers.generation.chat import PLAIN_STOP, Chat
from workers.generation.text import storable

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
