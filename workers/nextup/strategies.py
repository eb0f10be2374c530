"""How much a task's ranking would be worth: pure functions over scores and vectors, the higher the sooner.

*uncertainty*: the mean entropy of the task's pairs under the model (Lewis & Gale 1994). *disagreement*: what the pairs'
outcomes would tell about the head, as a small ensemble sees it (BALD, Houlsby et al. 2011, arXiv 1112.5745).
*diversity*: farthest-first traversal from what was ranked (k-center, Sener & Savarese 2018, arXiv 1708.00489).
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy

from workers.reward.probe import Differences, fit

HEADS = 8

Floats = NDArray[np.float64]


def entropy(probability: Floats) -> Floats:
    """Of a coin, in nats."""
    return np.asarray(-xlogy(probability, probability) - xlogy(1 - probability, 1 - probability))


def uncertainty(scores: Sequence[float]) -> float:
    """Mean entropy of the pairs of a task whose answers have these scores; at most ln 2, where all are the same."""
    margins = np.array([a - b for a, b in combinations(scores, 2)])
    return float(entropy(expit(margins)).mean())


def ensemble(data: Differences, penalty: float, seed: int, heads: int = HEADS) -> Floats:
    """(B, H) heads for unscaled vectors, each fitted to prompt families drawn with replacement."""
    families = int(data.family.max()) + 1
    random = np.random.default_rng(seed)
    draws = random.multinomial(families, np.full(families, 1 / families), size=heads)
    resampled = [
        Differences(data.features, data.probability, data.weight * draw[data.family], data.family, data.spread)
        for draw in draws
    ]
    return np.stack([fit(sample, penalty) / data.spread for sample in resampled])


def disagreement(vectors: Floats, heads: Floats) -> float:
    """Mean mutual information between a pair's outcome and the head, in nats, for a task's answers (K, H)."""
    scores = heads @ vectors.T  # (B, K)
    pairs = list(combinations(range(len(vectors)), 2))
    chances = expit(np.stack([scores[:, i] - scores[:, j] for i, j in pairs]))  # (P, B)
    return float((entropy(chances.mean(1)) - entropy(chances).mean(1)).mean())


def diversity(points: Floats, known: Floats) -> Floats:
    """(N,) N for the point that is farthest from all `known` (M, H), N - 1 for the one farthest from these and it, …

    Without any known point the first is the one that is farthest from the mean.
    """
    nearest = _nearest(points, known if len(known) else points.mean(0, keepdims=True))
    worth = np.zeros(len(points))
    for place in range(len(points)):
        chosen = int(np.argmax(nearest))
        worth[chosen] = len(points) - place
        nearest = np.minimum(nearest, ((points - points[chosen]) ** 2).sum(1))
        nearest[worth > 0] = -1.0
    return worth


def _nearest(points: Floats, known: Floats) -> Floats:
    """(N,) squared distance to the nearest known point."""
    found = np.full(len(points), np.inf)
    for start in range(0, len(known), 64):  # never all distances at once
        block = known[start : start + 64]
        squares = (points**2).sum(1)[:, None] - 2 * points @ block.T + (block**2).sum(1)
        found = np.minimum(found, squares.min(1))
    return np.asarray(np.maximum(found, 0.0))


def levels(worth: Floats, lowest: int, highest: int) -> NDArray[np.int64]:
    """(N,) priorities: equal shares of the tasks at each level, the most worthy at `highest`; ties by their order."""
    count = highest - lowest + 1
    place = np.empty(len(worth), dtype=np.int64)
    place[np.argsort(-worth, kind="stable")] = np.arange(len(worth))
    return highest - place * count // max(len(worth), 1)
