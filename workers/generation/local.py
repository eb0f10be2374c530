"""The `transformers` backend: a causal language model in this process."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from workers.generation import loading, memory
from workers.generation.backend import Answer, BackendRefused, Listener, Request, never
from workers.generation.batching import Size, batches
from workers.generation.decoding import Row, decode
from workers.generation.options import Options
from workers.generation.streaming import Chorus, Echo


class TransformersBackend:
    """Answers in batches, left-padded, each row with its own sampling and seed.

    Options: `dtype` and `device` (both `auto`), `max_rows` and `max_tokens` of a batch, `threads` (CPU threads of
    the whole process; 0 leaves them alone), `cache` (a folder in which a GGUF model is unpacked once, which
    makes every later start fast).
    """

    def __init__(self, location: str, options: Mapping[str, Any]) -> None:
        chosen = Options(options)
        device = loading.choose_device(chosen.text("device", "auto"))
        dtype = loading.choose_dtype(chosen.text("dtype", "auto"), device)
        on_gpu = device.type == "cuda"
        self.max_rows = chosen.positive("max_rows", 64 if on_gpu else 16)
        self.max_tokens = chosen.positive("max_tokens", 131_072 if on_gpu else 16_384)
        threads = chosen.whole("threads", 0)
        cache = chosen.text("cache", "")
        chosen.refuse_others()
        if threads:
            torch.set_num_threads(threads)
        self._loaded: loading.LoadedModel | None = loading.load(location, device=device, dtype=dtype, cache=cache)

    @property
    def loaded(self) -> loading.LoadedModel:
        """The model; raises BackendRefused after `close()`."""
        if self._loaded is None:
            raise BackendRefused("This backend was closed; open another.")
        return self._loaded

    def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] = never) -> list[Answer]:
        """See `Backend.generate`. A prompt too long for the model is cut from the left, at a turn if possible.

        A seed gives the same text alone and in any batch, up to floating point: padding changes the last bits of
        the logits, which can tip a near-tie, seldom in float32, more often in bfloat16.
        """
        rows = [self._row(request) for request in requests]
        sizes = [Size(len(row.prompt), row.max_new) for row in rows]
        answers: dict[int, Answer] = {}
        for group in batches(sizes, max_rows=self.max_rows, max_tokens=self.max_tokens):
            done = self._batch([rows[index] for index in group], cancelled)
            answers.update(zip(group, done, strict=True))
        return [answers[index] for index in range(len(rows))]

    def stream(self, request: Request, say: Callable[[str], None], *, cancelled: Callable[[], bool] = never) -> Answer:
        """Answer one request, calling `say` with each piece of its text as soon as that is final."""
        echo = Echo(self.loaded.chat, say)
        [answer] = decode(self.loaded, [self._row(request)], cancelled, lambda rows: echo.hear(rows[0]))
        echo.finish(answer.text)
        return answer

    def stream_all(
        self, requests: Sequence[Request], listener: Listener, *, cancelled: Callable[[], bool] = never
    ) -> None:
        """See `Backend.stream_all`. All requests are one batch, so keep them few."""
        chorus = Chorus(self.loaded.chat, len(requests), listener.hear)

        def ended(index: int, answer: Answer) -> None:
            chorus.finish(index, answer.text)
            listener.ended(index, answer)

        decode(self.loaded, [self._row(request) for request in requests], cancelled, chorus.hear, ended)

    def close(self) -> None:
        """Drop the model and give its memory back."""
        self._loaded = None
        memory.give_back()

    def _row(self, request: Request) -> Row:
        """The request as tokens; prompt and answer share the model's positions, the answer at most half of them."""
        wanted = request.sampling.max_new_tokens
        positions = self.loaded.positions
        max_new = wanted if positions is None else min(wanted, positions // 2)
        room = None if positions is None else positions - max_new
        return Row(request, self.loaded.chat.prompt_tokens(request.messages, room), max_new)

    def _batch(self, rows: Sequence[Row], cancelled: Callable[[], bool]) -> list[Answer]:
        """Decode the rows together; where the GPU's memory does not suffice, in halves."""
        try:
            return decode(self.loaded, rows, cancelled)
        except torch.OutOfMemoryError as error:
            if len(rows) == 1:
                raise BackendRefused(
                    "An answer of up to %(n)d tokens does not fit into the memory of the GPU. "
                    "Ask for fewer tokens, or use a smaller model or dtype.",
                    n=rows[0].max_new,
                ) from error
        if torch.cuda.is_available():  # outside the except: there the traceback still holds the tensors
            torch.cuda.empty_cache()
        half = len(rows) // 2
        return self._batch(rows[:half], cancelled) + self._batch(rows[half:], cancelled)
