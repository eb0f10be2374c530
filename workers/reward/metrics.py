"""Figures on prompts never trained on, with intervals that respect how the pairs hang together.

Pairs of one ranking share answers and the prompts of one family share an author's taste, so a binomial (Wilson)
interval over pairs would be too narrow. Intervals here are percentiles of a seeded bootstrap that draws whole prompt
families with replacement.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.reward.data import Group

RESAMPLES = 2000
CONFIDENCE = 0.95
CHANCE = 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PairOutcomes:
    """What came of the strict pairs, summed a family: each array is (families,)."""

    pairs: Floats
    correct: Floats
    """Pairs in which the preferred answer scored higher; equal scores count ½."""
    longer: Floats
    """Pairs in which the preferred answer has more characters; equal lengths count ½."""


def held_out(groups: Sequence[Group], scores: Sequence[Sequence[float]], seed: int) -> dict[str, Any]:
    """Accuracy over strict pairs beside "longer wins", log-loss over all pairs, each as plain JSON values.

    `scores[g][k]` is the score of answer k of group g. `accuracy`, `longer_wins` and `gain` (the first less the
    second) are `{value, low, high}`: 95% bootstrap over families; `low` and `high` are None for one family, and the
    value too where there is no strict pair.
    """
    outcomes = pair_outcomes(groups, scores)
    return {
        "accuracy": interval(outcomes.correct, outcomes.pairs, seed),
        "longer_wins": interval(outcomes.longer, outcomes.pairs, seed),
        "gain": interval(outcomes.correct - outcomes.longer, outcomes.pairs, seed),
        "chance": CHANCE,
        "log_loss": log_loss(groups, scores),
        "pairs": int(outcomes.pairs.sum()),
        "groups": len(groups),
        "families": len({group.family for group in groups}),
    }


def pair_outcomes(groups: Iterable[Group], scores: Iterable[Sequence[float]]) -> PairOutcomes:
    """Counts of strict pairs (probability other than ½), families in the order of their names."""
    sums: dict[str, Floats] = {}
    for group, values in zip(groups, scores, strict=True):
        lengths = [float(len(text)) for text in group.responses]
        total = sums.setdefault(group.family, np.zeros(3))
        for better, worse in strict_pairs(group):
            total += (1.0, _win(values[better], values[worse]), _win(lengths[better], lengths[worse]))
    table = np.array([sums[family] for family in sorted(sums)]).reshape(-1, 3)
    return PairOutcomes(*(table[:, column] for column in range(3)))


def strict_pairs(group: Group) -> list[tuple[int, int]]:
    """(preferred, other) for each pair that is no tie."""
    pairs = zip(group.first, group.second, group.probability, strict=True)
    return [(i, j) if p > 0.5 else (j, i) for i, j, p in pairs if p != 0.5]


def _win(preferred: float, other: float) -> float:
    return 0.5 if preferred == other else float(preferred > other)


def interval(numerator: Floats, denominator: Floats, seed: int) -> dict[str, float | None]:
    """The ratio of sums, with its 95% percentile interval over families drawn with replacement."""
    if denominator.sum() == 0:
        return {"value": None, "low": None, "high": None}
    value = float(numerator.sum() / denominator.sum())
    if len(denominator) < 2:
        return {"value": value, "low": None, "high": None}
    low, high = np.quantile(resampled_ratios(numerator, denominator, seed), _TAILS)
    return {"value": value, "low": float(low), "high": float(high)}


_TAILS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)


def resampled_ratios(numerator: Floats, denominator: Floats, seed: int) -> Floats:
    """The ratio of sums in each resample of families, (RESAMPLES,) less those that drew no pair."""
    families = len(denominator)
    random = np.random.default_rng(seed)
    counts = random.multinomial(families, np.full(families, 1 / families), size=RESAMPLES)
    below = counts @ denominator
    kept = below > 0
    return np.asarray((counts @ numerator)[kept] / below[kept], dtype=np.float64)


def log_loss(groups: Iterable[Group], scores: Iterable[Sequence[float]]) -> float | None:
    """Weighted mean over all pairs, ties too, of -p ln σ(d) - (1-p) ln σ(-d), in nats; d = s_first - s_second."""
    total = weights = 0.0
    for group, values in zip(groups, scores, strict=True):
        for i, j, p, w in zip(group.first, group.second, group.probability, group.weight, strict=True):
            difference = values[i] - values[j]
            total += w * float(np.logaddexp(0.0, -difference) + (1 - p) * difference)
            weights += w
    return total / weights if weights else None
