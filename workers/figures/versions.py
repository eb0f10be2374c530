"""How a version differs from an earlier one: which pairs they order differently, and how the scores have moved."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import kendalltau, pearsonr

from workers.figures.accuracy import accuracy, difference
from workers.figures.cases import Case, Scores, scored, strict
from workers.reward.metrics import interval

LEAST_TO_CORRELATE = 3
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def compared(cases: Sequence[Case], new: Scores, old: Scores, seed: int = 0) -> dict[str, Any]:
    """On the cases that both have scored: `{accuracy, difference, agreement}`.

    `accuracy` is the old version's, `difference` the new one's less the old one's, paired. `agreement` is the share
    of all pairs of a task's answers, ties of people's too, that both order alike.
    """
    both = scored(scored(cases, new), old)
    before, after = strict(both, old), strict(both, new)
    return {
        "accuracy": accuracy(before, seed),
        "difference": difference(after, before, seed),
        "agreement": _agreement(both, new, old, seed),
    }


def _agreement(cases: Sequence[Case], new: Scores, old: Scores, seed: int) -> dict[str, Any]:
    sums: dict[str, list[float]] = {}
    for case in cases:
        total = sums.setdefault(case.family, [0.0, 0.0])
        for a, b in combinations(case.samples, 2):
            total[0] += bool(np.sign(new[a] - new[b]) == np.sign(old[a] - old[b]))
            total[1] += 1
    table = np.array(list(sums.values())).reshape(-1, 2)
    return {**interval(table[:, 0], table[:, 1], seed), "pairs": int(table[:, 1].sum())}


def drift(new: Sequence[float], old: Sequence[float]) -> dict[str, Any]:
    """Of the same answers' scores: `{answers, shift, spread, correlation, rank_correlation}`.

    `shift` is the difference of the means in the old version's standard deviations, `spread` the ratio of the standard
    deviations; None where the old scores do not vary.
    """
    after, before = np.asarray(new, dtype=np.float64), np.asarray(old, dtype=np.float64)
    nothing: dict[str, Any] = {"shift": None, "spread": None, "correlation": None, "rank_correlation": None}
    if len(before) < LEAST_TO_CORRELATE or before.std() == 0 or after.std() == 0:
        return {"answers": len(before), **nothing}
    return {
        "answers": len(before),
        "shift": float((after.mean() - before.mean()) / before.std()),
        "spread": float(after.std() / before.std()),
        "correlation": float(pearsonr(after, before).statistic),
        "rank_correlation": float(kendalltau(after, before).statistic),
    }


def quantiles(scores: Sequence[float]) -> dict[str, float]:
    """The 5th, 25th, 50th, 75th and 95th hundredth of the scores: `{"5": …}`; empty where there are none."""
    if not len(scores):
        return {}
    return {f"{100 * q:g}": float(v) for q, v in zip(QUANTILES, np.quantile(scores, QUANTILES), strict=True)}
