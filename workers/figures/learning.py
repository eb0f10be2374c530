"""What more rankings would bring: accuracy against how many there were, and a power law through it.

Errors of networks fall as a power of the data (Hestness et al. 2017, arXiv 1712.00409): error(n) = floor + a · n^-b.
The floor is what people disagree on among themselves; with a handful of points it cannot be fitted beside a and b.
The uncertainty is that of the held-out families: the law is fitted anew to each resample of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.figures.cases import Floats
from workers.reward.metrics import CONFIDENCE, interval

RESAMPLES = 1000
LEAST_ROOM = 1e-3  # of error above the floor: the logarithm wants some
LEAST_POINTS = 3
LEAST_FAMILIES = 10
LEAST_RANKINGS = 40
MORE = 1000
TAILS = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]


@dataclass(frozen=True)
class Curve:
    """Results with `rankings[m]` training rankings: `correct[m, f]` of the `pairs[f]` held-out pairs of family f."""

    rankings: Sequence[int]
    correct: Floats
    """(M, F); may be a mean over several subsets of that size."""
    pairs: Floats
    """(F,)"""


def curve_points(curve: Curve, seed: int = 0) -> list[dict[str, Any]]:
    """`{rankings, value, low, high}` a size."""
    return [{"rankings": n, **interval(curve.correct[m], curve.pairs, seed)} for m, n in enumerate(curve.rankings)]


def projection(curve: Curve, floor: float = 0.0, more: int = MORE, seed: int = 0) -> dict[str, Any]:
    """What `more` rankings would add to the last point's accuracy: `{more, gain, low, high, told, beyond, floor}`.

    `told`: the interval lies above zero. `beyond`: more is asked for than there is. Where there is too little
    to fit, or the accuracy fell as rankings were added, which no law of this kind goes on with, `{more, reason}` alone:
    `reason` is `points`, `rankings`, `families` or `falling`.
    """
    if reason := _too_little(curve):
        return {"more": more, "reason": reason}
    sizes = np.array(curve.rankings, dtype=np.float64)
    families = len(curve.pairs)
    counts = np.random.default_rng(seed).multinomial(families, np.full(families, 1 / families), size=RESAMPLES)
    counts = np.vstack([np.ones(families), counts])  # the first is the data as they are
    below = counts @ curve.pairs
    kept = below > 0
    errors = 1 - (counts @ curve.correct.T)[kept] / below[kept, None]
    gains = _gains(sizes, errors, floor, more)
    low, high = np.quantile(gains[1:], TAILS)
    if high < 0:
        return {"more": more, "reason": "falling"}
    told = bool(low > 0)
    facts = {"gain": float(gains[0]), "low": float(low), "high": float(high), "told": told}
    return {"more": more, **facts, "beyond": more > curve.rankings[-1], "floor": floor}


def _too_little(curve: Curve) -> str:
    if not len(curve.rankings) or curve.rankings[-1] < LEAST_RANKINGS:
        return "rankings"
    if int((curve.pairs > 0).sum()) < LEAST_FAMILIES:
        return "families"
    return "points" if len(curve.rankings) < LEAST_POINTS else ""


def _gains(sizes: Floats, errors: Floats, floor: float, more: int) -> Floats:
    """(R,) how much the law of each row of `errors` (R, M) falls from the last size to `more` beyond it."""
    slope, height = power_law(sizes, np.maximum(errors - floor, LEAST_ROOM))
    now, then = sizes[-1], sizes[-1] + more
    return np.asarray(np.exp(height) * (now**-slope - then**-slope))


def power_law(sizes: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """(b, ln a) of errors ≈ a · sizes^-b for each row of `errors` (R, M): least squares of logarithms."""
    x = np.log(sizes)
    y = np.log(errors)
    centred = x - x.mean()
    slope = -(y @ centred) / (centred @ centred)
    return slope, y.mean(-1) + slope * x.mean()
