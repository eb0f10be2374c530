"""The head as a probe on frozen features: where fine-tuning starts (LP-FT, Kumar et al. 2022, arXiv 2202.10054).

A fresh random head pulls the features about in the first steps, which costs most where data are few. A logistic
model of the differences of features between two answers is convex, fits in a moment and gives a better beginning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

PENALTIES = (10.0, 100.0, 1000.0, 10000.0)
FOLDS = 5
LEAST_SPREAD = 0.1

Floats = NDArray[np.float64]


class Compared(Protocol):
    """What the probe needs of a group; see `data.Group`."""

    @property
    def family(self) -> str: ...
    @property
    def first(self) -> Sequence[int]: ...
    @property
    def second(self) -> Sequence[int]: ...
    @property
    def probability(self) -> Sequence[float]: ...
    @property
    def weight(self) -> Sequence[float]: ...


@dataclass(frozen=True)
class Differences:
    """The P pairs of some groups as rows of a logistic regression without intercept."""

    features: Floats
    """(P, H): the first answer's features less the second's, over `spread`."""
    probability: Floats
    """(P,) that the first is preferred."""
    weight: Floats
    """(P,), summing to the number of groups where all pairs weigh 1."""
    family: NDArray[np.int64]
    """(P,) number of the pair's prompt family."""
    spread: float
    """Root mean square of the features within groups, and no less than a tenth of it overall. One number for all: what
    hardly varies must not be blown up, for a head with huge weights tears at the encoder once that is trained too."""

    def part(self, keep: NDArray[np.bool_]) -> "Differences":
        return Differences(
            self.features[keep], self.probability[keep], self.weight[keep], self.family[keep], self.spread
        )


def differences(groups: Sequence[Compared], features: Sequence[Floats]) -> Differences:
    """`features[g]` is (K, H), the answers of `groups[g]`."""
    centred = np.concatenate([answers - answers.mean(0) for answers in features])
    spread = max(_root_mean_square(centred), LEAST_SPREAD * _root_mean_square(np.concatenate(features)), 1e-8)
    numbers = {family: n for n, family in enumerate(sorted({group.family for group in groups}))}
    rows: list[tuple[Any, ...]] = []
    for group, answers in zip(groups, features, strict=True):
        scaled = answers / spread
        for i, j, chance, weight in zip(group.first, group.second, group.probability, group.weight, strict=True):
            share = weight / len(group.first)
            rows.append((scaled[i] - scaled[j], chance, share, numbers[group.family]))
    x, p, w, family = (np.array(column) for column in zip(*rows, strict=True))
    return Differences(x, p, w, family, spread)


def _root_mean_square(values: Floats) -> float:
    return float(np.sqrt((values**2).mean()))


def fit(data: Differences, penalty: float) -> Floats:
    """(H,) coefficients that minimise Σ w · BCE(σ(x·b), p) + penalty/2 · |b|²."""

    def objective(b: Floats) -> tuple[float, Floats]:
        z = data.features @ b
        cost = data.weight @ (np.logaddexp(0.0, -z) + (1 - data.probability) * z)
        slope = data.features.T @ (data.weight * (expit(z) - data.probability))
        return float(cost + penalty / 2 * b @ b), slope + penalty * b

    return np.asarray(minimize(objective, np.zeros(data.features.shape[1]), jac=True, method="L-BFGS-B").x)


def loss(data: Differences, coefficients: Floats) -> float:
    z = data.features @ coefficients
    return float(data.weight @ (np.logaddexp(0.0, -z) + (1 - data.probability) * z) / data.weight.sum())


def fit_head(data: Differences) -> tuple[Floats, dict[str, float]]:
    """The head's weight (H,) for unscaled features, its penalty chosen by cross-validation over families.

    Also the figures for the log: `penalty`, and `loss`, the cross-validated one, in nats a pair. One family alone
    cannot be divided and gets the strongest penalty.
    """
    if data.family.max() == 0:
        return fit(data, PENALTIES[-1]) / data.spread, {"penalty": PENALTIES[-1]}
    losses = [_cross_validated(data, penalty) for penalty in PENALTIES]
    best = int(np.argmin(losses))
    weight = fit(data, PENALTIES[best]) / data.spread
    return weight, {"penalty": PENALTIES[best], "loss": losses[best]}


def _cross_validated(data: Differences, penalty: float) -> float:
    folds = min(FOLDS, int(data.family.max()) + 1)
    outside = [data.family % folds == fold for fold in range(folds)]
    parts = [(data.part(held), fit(data.part(~held), penalty)) for held in outside if held.any() and not held.all()]
    weights = [part.weight.sum() for part, _ in parts]
    return float(np.average([loss(part, b) for part, b in parts], weights=weights))
