"""Ranked groups in one row of tokens: each prompt once, then its answers, several groups to a row, no padding.

    row        P P P a a a b b | P P c c d d d
    position   0 1 2 3 4 5 3 4 | 0 1 2 3 2 3 4

An answer sees its prompt and itself, never its neighbours (`attention`), and its positions go on where the prompt's
end, so that every token is computed just as in a row of its own, while the prompt is computed once for all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import torch
from torch import Tensor


@dataclass(frozen=True)
class Encoded:
    """One prompt and its K answers as token ids; each answer ends with the token its score is read at."""

    prompt: list[int]
    answers: list[list[int]]

    @property
    def tokens(self) -> int:
        return len(self.prompt) + sum(map(len, self.answers))


@dataclass(frozen=True)
class Span:
    """Where a group lies in a row: `prompt` tokens from `start`, then answers of these lengths."""

    start: int
    prompt: int
    answers: tuple[int, ...]

    @cached_property
    def split(self) -> int:
        """Where the prompt ends and the first answer begins."""
        return self.start + self.prompt

    @cached_property
    def stop(self) -> int:
        return self.split + sum(self.answers)

    @property
    def ends(self) -> list[int]:
        """The last token of each answer, in the row."""
        return [self.split + end - 1 for end in accumulate(self.answers)]

    @property
    def longest(self) -> int:
        """Tokens of the prompt with its longest answer: what one row of its own would hold."""
        return self.prompt + max(self.answers)

    @property
    def positions(self) -> list[int]:
        own = [range(self.prompt, self.prompt + size) for size in self.answers]
        return [*range(self.prompt), *(position for answer in own for position in answer)]

    @property
    def segments(self) -> list[int]:
        """0 for the prompt's tokens, 1 … K for those of the answers."""
        return [0] * self.prompt + [n for n, size in enumerate(self.answers, 1) for _ in range(size)]


@dataclass(frozen=True)
class Layout:
    """The groups of one row, in order and without gaps."""

    spans: tuple[Span, ...]

    @property
    def tokens(self) -> int:
        return self.spans[-1].stop

    @cached_property
    def ends(self) -> Tensor:
        """(N,) the last token of each answer of each group."""
        return torch.tensor([end for span in self.spans for end in span.ends])

    @classmethod
    def of(cls, groups: Sequence[Encoded]) -> "Layout":
        starts = accumulate((group.tokens for group in groups[:-1]), initial=0)
        sizes = [(len(group.prompt), tuple(map(len, group.answers))) for group in groups]
        return cls(tuple(Span(start, *size) for start, size in zip(starts, sizes, strict=True)))


def pack(groups: Sequence[Encoded]) -> tuple[dict[str, Tensor], Layout]:
    """`input_ids` and `position_ids`, both (1, T) int64, and where the groups lie in them."""
    layout = Layout.of(groups)
    ids = [token for group in groups for part in (group.prompt, *group.answers) for token in part]
    positions = [position for span in layout.spans for position in span.positions]
    return {"input_ids": torch.tensor([ids]), "position_ids": torch.tensor([positions])}, layout


def fill(sizes: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Item numbers, in order, in runs of at most `tokens` tokens; an item that is larger has a run of its own."""
    run: list[int] = []
    held = 0
    for n, size in enumerate(sizes):
        if run and held + size > tokens:
            yield run
            run, held = [], 0
        run.append(n)
        held += size
    if run:
        yield run
