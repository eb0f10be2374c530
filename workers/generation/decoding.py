"""One batch from prompts to answers: pad, let transformers decode, and watch each row to its end."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from workers.generation.backend import Answer, Cancelled, FinishReason, Request
from workers.generation.loading import LoadedModel
from workers.generation.sampling import RowSampler
from workers.generation.text import storable

ASK_EVERY = 0.2  # seconds between two questions whether the work is cancelled; the caller may read a database
STOP_TAIL = 16  # tokens that surely hold the end of a stop string


class Row(NamedTuple):
    """One request, as tokens."""

    request: Request
    prompt: list[int]
    max_new: int


class End(NamedTuple):
    """How, after how many new tokens and after how many seconds a row ended."""

    reason: FinishReason
    length: int
    seconds: float


def decode(
    loaded: LoadedModel,
    rows: Sequence[Row],
    cancelled: Callable[[], bool],
    hear: Callable[[list[list[int]]], None] | None = None,
    ended: Callable[[int, Answer], None] | None = None,
) -> list[Answer]:
    """Answer `rows` together. Raises Cancelled.

    `hear` is given each row's tokens so far after each step, `ended` each row's answer as soon as it is whole.
    """
    ids, mask = _left_padded([row.prompt for row in rows], loaded.device)
    watch = RowWatch(loaded, rows, ids.shape[1], cancelled, hear, ended)
    with torch.inference_mode():
        sequences = loaded.model.generate(
            input_ids=ids,
            attention_mask=mask,
            generation_config=_settings(max(row.max_new for row in rows)),
            logits_processor=LogitsProcessorList([RowSampler([r.request.sampling for r in rows], loaded.device)]),
            stopping_criteria=StoppingCriteriaList([watch]),
        )
    new = sequences[:, ids.shape[1] :].tolist()
    return [_answer(loaded, *each) for each in zip(rows, new, watch.ended(), strict=True)]


class RowWatch(StoppingCriteria):
    """Notes when and why each row ends, and between two tokens asks whether the work is still wanted."""

    def __init__(
        self,
        loaded: LoadedModel,
        rows: Sequence[Row],
        width: int,
        cancelled: Callable[[], bool],
        hear: Callable[[list[list[int]]], None] | None,
        tell_end: Callable[[int, Answer], None] | None,
    ) -> None:
        self.loaded, self.rows, self.width = loaded, rows, width
        self.cancelled, self.hear, self.tell_end = cancelled, hear, tell_end
        self.ends: list[End | None] = [None] * len(rows)
        self.began = time.monotonic()
        self.asked = -ASK_EVERY

    def __call__(self, input_ids: Tensor, scores: Tensor, **kwargs: object) -> Tensor:
        """Which rows are done, [rows] of bool; `input_ids` is [rows, padded prompt + new tokens]."""
        self._stop_if_cancelled()
        length = input_ids.shape[1] - self.width
        tails = input_ids[:, self.width :][:, -STOP_TAIL:].tolist()
        fresh = [index for index, end in enumerate(self.ends) if end is None]
        for index in fresh:
            self.ends[index] = self._end(index, tails[index], length)
        if self.hear:
            self.hear(self._so_far(input_ids))
        if self.tell_end:
            self._tell_ends(fresh, input_ids)
        return torch.tensor([end is not None for end in self.ends], device=input_ids.device)

    def _tell_ends(self, fresh: Sequence[int], input_ids: Tensor) -> None:
        for index in fresh:
            if self.tell_end and (end := self.ends[index]):
                tokens = input_ids[index, self.width :].tolist()
                self.tell_end(index, _answer(self.loaded, self.rows[index], tokens, end))

    def _so_far(self, input_ids: Tensor) -> list[list[int]]:
        """Each row's new tokens, without the padding after its end."""
        rows = input_ids[:, self.width :].tolist()
        return [row[: end.length] if end else row for row, end in zip(rows, self.ends, strict=True)]

    def ended(self) -> list[End]:
        return [end for end in self.ends if end]

    def _end(self, index: int, tail: list[int], length: int) -> End | None:
        if tail[-1] in self.loaded.end_ids or self.loaded.chat.ends_turn(tail):
            return End("stop", length, time.monotonic() - self.began)
        if length >= self.rows[index].max_new:
            return End("length", length, time.monotonic() - self.began)
        return None

    def _stop_if_cancelled(self) -> None:
        now = time.monotonic()
        if now - self.asked < ASK_EVERY:
            return
        self.asked = now
        if self.cancelled():
            raise Cancelled


def _left_padded(prompts: Sequence[list[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Token ids and attention mask, both [rows, longest prompt]; what stands under the mask does not matter."""
    width = max(len(prompt) for prompt in prompts)
    ids = [[0] * (width - len(prompt)) + prompt for prompt in prompts]
    mask = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


def _settings(max_new: int) -> GenerationConfig:
    """Argmax of what RowSampler returns; RowWatch alone says when a row ends."""
    return GenerationConfig(max_new_tokens=max_new, do_sample=False, num_beams=1, use_cache=True, pad_token_id=0)


def _answer(loaded: LoadedModel, row: Row, tokens: list[int], end: End) -> Answer:
    return Answer(
        key=row.request.key,
        text=storable(loaded.chat.text(tokens[: end.length])),
        finish_reason=end.reason,
        prompt_tokens=len(row.prompt),
        completion_tokens=end.length,
        latency_ms=round(end.seconds * 1000),
    )
