"""Answers as a frozen encoder sees them: one vector an answer, for probes, for spread and for diversity.

The mean of the last layer over the tokens of prompt and answer, as sentence embedders are trained to be read. Where
the text is too long its beginning goes: the end is the answer.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer

from workers.reward.config import TrainingRefused, resolve_base
from workers.reward.data import Message, well_formed
from workers.reward.encoding import render

MOST_TOKENS = 256
TOKENS_A_PASS = 4096

Floats = NDArray[np.float64]


def _nothing() -> None:
    pass


class Encoder:
    """Raises TrainingRefused where `base` cannot be loaded, or its tokenizer cannot pad."""

    def __init__(self, base: str) -> None:
        folder: Path = resolve_base(base)
        try:
            self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, truncation_side="left", padding_side="right")
            self.model: Any = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            raise TrainingRefused(
                "The encoder %(base)s could not be loaded: %(why)s", base=repr(base), why=error
            ) from error
        if self.tokenizer.pad_token_id is None:
            raise TrainingRefused("The encoder %(base)s has no padding token.", base=repr(base))
        self.limit = min(MOST_TOKENS, self.tokenizer.model_max_length)

    def vectors(
        self, answers: Sequence[tuple[Sequence[Message], str]], before_pass: Callable[[], None] = _nothing
    ) -> Floats:
        """(N, H), a row for each `(messages, answer)`, in order."""
        texts = [well_formed(f"{render(messages)}\n\n{text}") for messages, text in answers]
        if not texts:
            return np.zeros((0, self.model.config.hidden_size))
        ids = self.tokenizer(texts, truncation=True, max_length=self.limit, verbose=False).input_ids
        found = np.zeros((len(ids), self.model.config.hidden_size))
        for run in _runs([len(row) for row in ids]):
            before_pass()
            found[run] = self._mean([ids[n] for n in run])
        return found

    @torch.no_grad()
    def _mean(self, rows: list[list[int]]) -> Floats:
        longest = max(map(len, rows))
        inputs = torch.tensor([row + [self.tokenizer.pad_token_id] * (longest - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
        hidden = self.model(input_ids=inputs, attention_mask=mask).last_hidden_state
        kept = mask.unsqueeze(-1)
        means: torch.Tensor = (hidden * kept).sum(1) / kept.sum(1)
        return np.asarray(means.double().numpy())


def _runs(lengths: Sequence[int]) -> list[list[int]]:
    """Row numbers, the shortest first, in runs of at most `TOKENS_A_PASS` padded tokens."""
    runs: list[list[int]] = [[]]
    for n in sorted(range(len(lengths)), key=lambda n: lengths[n]):
        if runs[-1] and lengths[n] * (len(runs[-1]) + 1) > TOKENS_A_PASS:
            runs.append([])
        runs[-1].append(n)
    return runs
