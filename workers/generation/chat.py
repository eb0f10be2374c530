"""From a conversation to the tokens that a model continues, and back to a turn's text."""

from collections.abc import Sequence
from typing import Any

from workers.generation.backend import Message

PLAIN_NAMES = {"system": "System", "user": "Human", "assistant": "Assistant"}
PLAIN_STOP = "\n\nHuman:"
_MARK = "\ue000"  # private use: no template writes it


class Chat:
    """How one tokenizer writes conversations; a plain `Human: … Assistant:` transcript where it has no template."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.has_template = bool(tokenizer.chat_template)

    def prompt_tokens(self, messages: Sequence[Message], room: int | None) -> list[int]:
        """At most `room` tokens (None: no limit) that end where the assistant begins to speak.

        What does not fit is dropped from the left: whole turns first (the system message and the last turn
        stay), then, should the last turn alone be too long, tokens.
        """
        start = 1 if messages and messages[0]["role"] == "system" else 0
        head, turns = list(messages[:start]), list(messages[start:])
        tokens = self._tokens(head + turns)
        while room is not None and len(tokens) > room and len(turns) > 1:
            turns = _without_oldest(turns)
            tokens = self._tokens(head + turns)
        return tokens if room is None else tokens[-room:]

    def end_ids(self) -> set[int]:
        """Tokens that end a turn: the tokenizer's end of text, and whatever its template writes after an answer."""
        ends = {self.tokenizer.eos_token_id, self._template_end()}
        return {end for end in ends if end is not None}

    def ends_turn(self, tokens: Sequence[int]) -> bool:
        """Whether an answer ends here although no token says so: an untaught model writes the person's turn too."""
        return not self.has_template and PLAIN_STOP in self.tokenizer.decode(tokens)

    def text(self, tokens: Sequence[int]) -> str:
        """What the tokens of an answer say, without marks of the template or the transcript."""
        said = self.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        if self.has_template:
            return str(said)
        return str(said).partition(PLAIN_STOP)[0].removeprefix(" ")  # the space belongs to “Assistant: ”

    def _tokens(self, messages: Sequence[Message]) -> list[int]:
        if not self.has_template:
            return list(self.tokenizer(_transcript(messages))["input_ids"])
        written = self.tokenizer.apply_chat_template(list(messages), add_generation_prompt=True, tokenize=False)
        return list(self.tokenizer(written, add_special_tokens=False)["input_ids"])

    def _template_end(self) -> int | None:
        if not self.has_template:
            return None
        turns = [Message(role="user", content="?"), Message(role="assistant", content=_MARK)]
        written = self.tokenizer.apply_chat_template(turns, tokenize=False)
        after = self.tokenizer(written.rpartition(_MARK)[2].lstrip(), add_special_tokens=False)["input_ids"]
        return after[0] if after and after[0] in self.tokenizer.added_tokens_decoder else None


def _without_oldest(turns: list[Message]) -> list[Message]:
    """Drop the oldest turn and the answers to it, so that what is left begins with a person if it can."""
    left = turns[1:]
    while len(left) > 1 and left[0]["role"] == "assistant":
        left = left[1:]
    return left


def _transcript(messages: Sequence[Message]) -> str:
    turns = [f"{PLAIN_NAMES.get(m['role'], m['role'])}: {m['content']}" for m in messages]
    return "\n\n".join([*turns, "Assistant:"])
