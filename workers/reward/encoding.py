"""From a conversation and an answer to one row of tokens, the same in training and in scoring."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError

from workers.reward.config import TrainingRefused
from workers.reward.data import Message, well_formed
from workers.reward.packing import Encoded

Count = Callable[[list[Message]], int]


@dataclass(frozen=True)
class Row:
    """One prompt with one of its answers: token ids and segment numbers, both (T,)."""

    ids: list[int]
    segments: list[int]


def render(messages: Sequence[Message]) -> str:
    """A conversation as plain text: a lone turn as it is, several each under its role, a blank line between."""
    if len(messages) == 1:
        return messages[0]["content"]
    return "\n\n".join(f"{message['role']}: {message['content']}" for message in messages)


def fit_turns(messages: list[Message], limit: int, count: Count) -> list[Message]:
    """`messages` shortened from the left until `count` of them is at most `limit` tokens, where turns suffice.

    Drops whole turns first (never a leading system message, never the last turn, and no answer without its
    question), then paragraphs of the last turn. What is still too long is left for a cut between tokens.
    """
    kept = list(messages)
    start = 1 if kept[0]["role"] == "system" and len(kept) > 1 else 0
    while count(kept) > limit and len(kept) > start + 1:
        del kept[start]
        while len(kept) > start + 1 and kept[start]["role"] == "assistant":
            del kept[start]
    return [*kept[:-1], _fit_paragraphs(kept, limit, count)]


def _fit_paragraphs(messages: list[Message], limit: int, count: Count) -> Message:
    *before, last = messages
    paragraphs = last["content"].split("\n\n")
    for start in range(len(paragraphs)):
        shorter = {**last, "content": "\n\n".join(paragraphs[start:])}
        if count([*before, shorter]) <= limit:
            return shorter
    return {**last, "content": paragraphs[-1]} if paragraphs[-1].strip() else last


def whole_paragraphs(text: str, starts: Sequence[int]) -> int:
    """How many tokens to keep of those before the last of `starts`, which say where in `text` each token begins.

    As many as end with the last blank line among them, else with the last line's end, where that keeps at least half;
    else all of them.
    """
    limit = len(starts) - 1
    for mark in ("\n\n", "\n"):
        for size in range(limit, limit // 2, -1):
            if mark in text[max(starts[size - 1] - 1, 0) : starts[size]]:
                return size
    return limit


class RowEncoder:
    """Encodes answers for one tokenizer.

    A tokenizer with a class and a separator token (BERT, RoBERTa, …) gets prompt and answer as its two segments.
    Any other gets the prompt by the chat template, or as plain text, then the answer and the end-of-text token,
    which is there even when the answer was cut: the score is read at it.
    """

    def __init__(self, tokenizer: Any, max_prompt_tokens: int, max_response_tokens: int) -> None:
        self.tokenizer = tokenizer
        self.max_prompt_tokens = max_prompt_tokens
        self.max_response_tokens = max_response_tokens
        self.pairs = tokenizer.cls_token_id is not None and tokenizer.sep_token_id is not None
        if not self.pairs and tokenizer.eos_token_id is None:
            raise TrainingRefused("The base model's tokenizer has no end-of-text token to read a score at.")

    def rows(self, messages: Sequence[Message], responses: Sequence[str]) -> list[Row]:
        """One row an answer, in order. The prompt is encoded once."""
        if not self.pairs:
            group = self.group(messages, responses)
            joined = [[*group.prompt, *answer] for answer in group.answers]
            return [Row(ids, [0] * len(ids)) for ids in joined]
        prompt = self._prompt_ids(messages)
        return [self._pair_row(prompt, self._response_ids(text)) for text in responses]

    def group(self, messages: Sequence[Message], responses: Sequence[str]) -> Encoded:
        """Prompt and answers apart, each answer with its end-of-text token; for tokenizers without pairs."""
        answers = [[*self._response_ids(text), self.tokenizer.eos_token_id] for text in responses]
        return Encoded(self._prompt_ids(messages), answers)

    def _response_ids(self, text: str) -> list[int]:
        """A long answer ends at the last paragraph, or line, that its limit leaves whole, if that is half of it."""
        text, limit = well_formed(text), self.max_response_tokens
        if not self.tokenizer.is_fast:
            return self._ids(text)[:limit]
        encoded = self.tokenizer(text, add_special_tokens=False, verbose=False, return_offsets_mapping=True)
        ids = list(encoded.input_ids)
        if len(ids) <= limit:
            return ids
        return ids[: whole_paragraphs(text, [start for start, _ in encoded.offset_mapping[: limit + 1]])]

    def _pair_row(self, prompt: list[int], response: list[int]) -> Row:
        """[CLS] prompt [SEP] answer [SEP], or as the tokenizer's own template has it."""
        prefix, middle, suffix = self._template()
        ids = [*prefix, *prompt, *middle, *response, *suffix]
        second = len(response) + len(suffix)
        return Row(ids, [0] * (len(ids) - second) + [1] * second)

    def _template(self) -> tuple[list[int], list[int], list[int]]:
        """The special tokens before, between and after the two segments."""
        if not hasattr(self, "_specials"):
            probe = self._ids("a")
            whole = list(self.tokenizer("a", "a").input_ids)
            start, size = whole.index(probe[0]), len(probe)
            end = len(whole) - whole[::-1].index(probe[-1])
            self._specials = (whole[:start], whole[start + size : end - size], whole[end:])
        return self._specials

    def _prompt_ids(self, given: Sequence[Message]) -> list[int]:
        messages = [{**message, "content": well_formed(message["content"])} for message in given]
        if not messages:
            return []
        limit = self.max_prompt_tokens
        ids = self._render_ids(messages)
        if len(ids) > limit:
            shorter = fit_turns(messages, limit, lambda kept: len(self._render_ids(kept)))
            ids = self._render_ids(shorter)
        return ids[-limit:]

    def _render_ids(self, messages: list[Message]) -> list[int]:
        if self.pairs:
            return self._ids(render(messages))
        begin = [] if self.tokenizer.bos_token_id is None else [self.tokenizer.bos_token_id]
        return self._chat_ids(messages) or begin + self._ids(render(messages) + "\n\nassistant: ")

    def _chat_ids(self, messages: list[Message]) -> list[int]:
        """By the chat template; nothing where there is none, or it refuses these roles or their order."""
        if not self.tokenizer.chat_template:
            return []
        try:
            text = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        except TemplateError:
            return []
        return self._ids(text)

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False, verbose=False).input_ids)
