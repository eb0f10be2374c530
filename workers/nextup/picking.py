"""Which K of a prompt's answers to compare with each other: an order in which they go into tasks, K at a time.

Where scores decide, answers with close scores are compared: the first K are those that lie closest together, the rest
follow by score. For diversity the first K lie far apart.
"""

import random
from collections.abc import Sequence

from annotation.models.project import NextStrategy


def in_order(strategy: str, samples: Sequence[int], scores: Sequence[float], k: int, seed: int = 0) -> list[int]:
    """`samples` in the order in which `tasks.form_rank_tasks` takes them; as they are where nothing is to be chosen."""
    if len(samples) <= k or strategy == NextStrategy.ARRIVAL:
        return list(samples)
    if strategy == NextStrategy.RANDOM:
        return random.Random(f"{seed}:{samples}").sample(list(samples), len(samples))
    by_score = sorted(range(len(samples)), key=lambda n: (scores[n], n))
    first = _spread(by_score, k) if strategy == NextStrategy.DIVERSITY else _closest(by_score, scores, k)
    return [samples[n] for n in (*first, *(n for n in by_score if n not in set(first)))]


def _closest(by_score: Sequence[int], scores: Sequence[float], k: int) -> list[int]:
    """The K neighbours by score whose highest and lowest differ least."""
    starts = range(len(by_score) - k + 1)
    best = min(starts, key=lambda s: scores[by_score[s + k - 1]] - scores[by_score[s]])
    return list(by_score[best : best + k])


def _spread(by_score: Sequence[int], k: int) -> list[int]:
    """K at even steps from the lowest score to the highest."""
    last = len(by_score) - 1
    return [by_score[round(n * last / (k - 1))] for n in range(k)]
