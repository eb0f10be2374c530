"""How strong models are, from who was preferred to whom: Bradley & Terry 1952, fitted as a logistic regression.

P(a is preferred to b) = σ(strength_a - strength_b + effect · x), where x may be a covariate such as how much longer a
is: with it, strengths are those of answers of equal length (Dubois et al. 2024, "Length-Controlled AlpacaEval"). A tie
counts as half a win for each side. A weak normal prior keeps a model that never lost at a finite strength; where two
sets of models never met, it is all that says how they compare, and `components` tells them apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import expit

PRIOR = 0.01  # precision of each strength: a standard deviation of 10, which hardly moves what was compared at all
RESAMPLES = 300
STEPS = 30
ENOUGH = 1e-8
TAILS = (0.025, 0.975)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Meetings:
    """R different meetings (a, b, x) of G models, and how often each happened and how it ended in F families."""

    models: int
    first: Ints
    """(R,) number of a, 0 … G-1."""
    second: Ints
    """(R,) number of b."""
    covariate: Floats
    """(R,)"""
    met: csr_matrix
    """(F, R) how often."""
    won: csr_matrix
    """(F, R) of these, how often a was preferred, a tie as ½."""


@dataclass(frozen=True)
class Strengths:
    """Strengths (G,) that sum to 0, in logits, with 95% bootstrap intervals over families; None for one family."""

    value: Floats
    low: Floats | None
    high: Floats | None
    effect: float
    """Of the covariate; 0 where none was asked for."""
    effect_interval: tuple[float, float] | None


def meetings(models: int, rows: Sequence[tuple[int, int, int, float, float]]) -> Meetings:
    """From rows (family, a, b, x, outcome): the outcome is 1 where a was preferred, 0 where b was, ½ for a tie."""
    kinds: dict[tuple[int, int, float], int] = {}
    placed = [(f, kinds.setdefault((a, b, x), len(kinds)), outcome) for f, a, b, x, outcome in rows]
    families = 1 + max((f for f, _, _ in placed), default=-1)
    shape = (families, len(kinds))
    where = ([f for f, _, _ in placed], [kind for _, kind, _ in placed])
    table = np.array(list(kinds), dtype=np.float64).reshape(-1, 3)
    return Meetings(
        models,
        table[:, 0].astype(np.int64),
        table[:, 1].astype(np.int64),
        table[:, 2],
        csr_matrix((np.ones(len(placed)), where), shape=shape),
        csr_matrix(([outcome for _, _, outcome in placed], where), shape=shape),
    )


def strengths(found: Meetings, *, controlled: bool, seed: int = 0, resamples: int = RESAMPLES) -> Strengths:
    """Fitted to all meetings, and to `resamples` of the families for the intervals."""
    design = _design(found, controlled)
    families = found.met.shape[0]
    whole = _fit(design, *_counts(found, np.ones(families)), np.zeros(design.shape[1]))
    effect = float(whole[-1]) if controlled else 0.0
    if families < 2:
        return Strengths(whole[: found.models], None, None, effect, None)
    random = np.random.default_rng(seed)
    draws = random.multinomial(families, np.full(families, 1 / families), size=resamples).astype(np.float64)
    fits = np.stack([_fit(design, *_counts(found, draw), whole) for draw in draws])
    low, high = np.quantile(fits, TAILS, axis=0)
    interval = (float(low[-1]), float(high[-1])) if controlled else None
    return Strengths(whole[: found.models], low[: found.models], high[: found.models], effect, interval)


def _design(found: Meetings, controlled: bool) -> Floats:
    """(R, G), with the covariate as one more column where it is controlled for."""
    rows = np.arange(len(found.first))
    design = np.zeros((len(rows), found.models + controlled))
    design[rows, found.first] += 1
    design[rows, found.second] -= 1
    if controlled:
        design[:, -1] = found.covariate
    return design


def _counts(found: Meetings, weights: Floats) -> tuple[Floats, Floats]:
    """(R,) met and won, each family counted as often as `weights` says."""
    return np.asarray(weights @ found.met).ravel(), np.asarray(weights @ found.won).ravel()


def _fit(design: Floats, met: Floats, won: Floats, start: Floats) -> Floats:
    """Newton's method on the penalised log-likelihood, which is concave; steps are halved where they overshoot."""
    b = start.copy()
    for _ in range(STEPS):
        chance = expit(design @ b)
        slope = design.T @ (won - met * chance) - PRIOR * b
        bend = (design * (met * chance * (1 - chance))[:, None]).T @ design + PRIOR * np.eye(len(b))
        step = np.linalg.solve(bend, slope)
        b = _along(b, step, lambda c: _likelihood(design, met, won, c))
        if np.abs(step).max() < ENOUGH:
            break
    return b


def _along(b: Floats, step: Floats, goal: Callable[[Floats], float]) -> Floats:
    now = goal(b)
    for _ in range(STEPS):
        if goal(b + step) >= now - ENOUGH:
            return np.asarray(b + step)
        step = step / 2
    return b


def _likelihood(design: Floats, met: Floats, won: Floats, b: Floats) -> float:
    z = design @ b
    return float(won @ z - met @ np.logaddexp(0.0, z) - PRIOR / 2 * b @ b)


def components(models: int, found: Meetings) -> list[int]:
    """(G,) the number of the set that each model belongs to: models that met, directly or through others."""
    root = list(range(models))
    for a, b in zip(found.first.tolist(), found.second.tolist(), strict=True):
        old, new = root[a], root[b]
        root = [new if r == old else r for r in root]
    numbers = {r: n for n, r in enumerate(dict.fromkeys(root))}
    return [numbers[r] for r in root]
