"""What quality is measured from: tasks with everything that people said about them, one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations

Ranks = Mapping[int, int]  # sample id → rank, 0 best; who is not in it was not ranked


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's current judgement of a task."""

    person: int
    day: date
    orders: Mapping[str, Ranks]
    """By criterion."""
    shown: Sequence[int] = ()
    """Sample ids in the order of the page; empty for judgements made elsewhere."""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A task and its votes."""

    task: int
    votes: Sequence[Vote]
    sizes: Mapping[int, int] = field(default_factory=dict)
    """Bytes (UTF-8) of each answer: a fair measure of reading over languages, and read without the text itself."""
    prompt_size: int = 0
    gold: Ranks | None = None
    """The right order, of tasks that have one."""


def relation(ranks: Ranks, first: int, second: int) -> int | None:
    """1: `first` is better, -1: worse, 0: they tie, None: one of them has no rank."""
    a, b = ranks.get(first), ranks.get(second)
    return None if a is None or b is None else (a < b) - (a > b)


def concord(one: int, other: int) -> float:
    """How far two relations agree: 1 the same, 0 opposite, ½ where one ties what the other orders."""
    return 1 - abs(one - other) / 2


def pairs(samples: Sequence[int]) -> list[tuple[int, int]]:
    return list(combinations(samples, 2))
