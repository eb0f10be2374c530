"""Krippendorff's alpha from counts: one small matrix, however many judgements go in."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

KINDS = 4096  # of units that are counted before they enter the matrix
Matrix = npt.NDArray[np.float64]


class Coincidences:
    """The coincidence matrix of units whose values are 0 … `size` - 1 (Krippendorff 2011, "Computing …")."""

    def __init__(self, size: int):
        self._matrix: Matrix = np.zeros((size, size))
        self._units: dict[tuple[int, ...], float] = {}  # most units look like others: they are counted first

    def add(self, counts: Sequence[int], weight: float = 1.0) -> None:
        """A unit for which `counts[v]` people said `v`. Units that only one person valued say nothing."""
        unit = tuple(counts)
        self._units[unit] = self._units.get(unit, 0.0) + weight
        if len(self._units) > KINDS:
            self._enter()

    def _enter(self) -> None:
        for unit, weight in self._units.items():
            people = sum(unit)
            said = [(value, count) for value, count in enumerate(unit) if count]
            for one, count in said if people > 1 else ():
                for other, others in said:
                    self._matrix[one, other] += weight * count * (others - (one == other)) / (people - 1)
        self._units.clear()

    @property
    def matrix(self) -> Matrix:
        self._enter()
        return self._matrix

    def alpha(self) -> float | None:
        """Ordinal alpha: 1 is perfect agreement, 0 what chance gives; None where everybody said one and the same."""
        matrix = self.matrix
        totals = matrix.sum(axis=0)
        n = totals.sum()
        if n < 2:
            return None
        distance = _ordinal(totals)
        expected = (distance * (np.outer(totals, totals) - np.diag(totals))).sum() / (n - 1)
        return float(1 - (distance * matrix).sum() / expected) if expected > 0 else None


def _ordinal(totals: Matrix) -> Matrix:
    """Squared: how many values lie between two, each end counted by half."""
    below = np.concatenate([[0.0], np.cumsum(totals)])
    size = len(totals)
    low, high = np.minimum.outer(range(size), range(size)), np.maximum.outer(range(size), range(size))
    distance: Matrix = (below[high + 1] - below[low] - (totals[low] + totals[high]) / 2) ** 2
    return distance
