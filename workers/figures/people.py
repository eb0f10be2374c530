"""How often two people agree on a pair: no model can be expected to agree with them more often than they do."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from workers.figures.cases import Case, Vote
from workers.reward.metrics import interval


def agreement(cases: Sequence[Case], seed: int = 0) -> dict[str, Any]:
    """`{value, low, high, pairs, tasks}` over every two people who judged a task and every pair both ranked strictly.

    The value is None where no task was judged by two people.
    """
    sums: dict[str, list[float]] = {}
    tasks = 0
    for case in cases:
        verdicts = list(_verdicts(case.votes))
        tasks += bool(verdicts)
        total = sums.setdefault(case.family, [0.0, 0.0])
        total[0] += sum(verdicts)
        total[1] += len(verdicts)
    table = np.array(list(sums.values())).reshape(-1, 2)
    return {**interval(table[:, 0], table[:, 1], seed), "pairs": int(table[:, 1].sum()), "tasks": tasks}


def _verdicts(votes: Sequence[Vote]) -> Iterable[bool]:
    for one, other in combinations(votes, 2):
        for a, b in combinations(sorted(one.ranks.keys() & other.ranks.keys()), 2):
            mine, theirs = one.ranks[a] - one.ranks[b], other.ranks[a] - other.ranks[b]
            if mine and theirs:
                yield (mine > 0) == (theirs > 0)
