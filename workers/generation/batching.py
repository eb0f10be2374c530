"""Packs rows of different lengths into batches that fit."""

from collections.abc import Sequence
from typing import NamedTuple


class Size(NamedTuple):
    """Tokens of a row's prompt, and the most that may be added."""

    prompt: int
    new: int


def batches(sizes: Sequence[Size], *, max_rows: int, max_tokens: int) -> list[list[int]]:
    """Indices of `sizes`, grouped so that rows x (longest prompt + longest answer) stays within `max_tokens`.

    Like lengths share a batch, since a batch is padded to its longest row and runs until its last row is done.
    A row that is too large for any batch gets one of its own.
    """
    order = sorted(range(len(sizes)), key=lambda i: (sizes[i].new, sizes[i].prompt), reverse=True)
    groups: list[list[int]] = []
    for index in order:
        if groups and _fits([sizes[i] for i in groups[-1]] + [sizes[index]], max_rows, max_tokens):
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def _fits(rows: Sequence[Size], max_rows: int, max_tokens: int) -> bool:
    width = max(row.prompt for row in rows) + max(row.new for row in rows)
    return len(rows) <= max_rows and len(rows) * width <= max_tokens
