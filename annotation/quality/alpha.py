"""Krippendorff's alpha from counts: one small matrix, however many judgements go in."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


class Coincidences:
    """The coincidence matrix of units whose values are 0 … `size` - 1 (Krippendorff 2011, "Computing …")."""

    def __init__(self, size: int):
        self.matrix: Matrix = np.zeros((size, size))

    def add(self, counts: Sequence[int], weight: float = 1.0) -> None:
        """A unit for which `counts[v]` people said `v`. Units that only one person valued say nothing."""
        people = sum(counts)
        if people < 2:
            return
        said = [(value, count) for value, count in enumerate(counts) if count]
        for one, count in said:
            for other, others in said:
                self.matrix[one, other] += weight * count * (others - (one == other)) / (people - 1)

    def alpha(self) -> float | None:
        """Ordinal alpha: 1 is perfect agreement, 0 what chance gives; None where everybody said one and the same."""
        totals = self.matrix.sum(axis=0)
        n = totals.sum()
        if n < 2:
            return None
        distance = _ordinal(totals)
        expected = (distance * (np.outer(totals, totals) - np.diag(totals))).sum() / (n - 1)
        return float(1 - (distance * self.matrix).sum() / expected) if expected > 0 else None


def _ordinal(totals: Matrix) -> Matrix:
    """Squared: how many values lie between two, each end counted by half."""
    below = np.concatenate([[0.0], np.cumsum(totals)])
    size = len(totals)
    low, high = np.minimum.outer(range(size), range(size)), np.maximum.outer(range(size), range(size))
    distance: Matrix = (below[high + 1] - below[low] - (totals[low] + totals[high]) / 2) ** 2
    return distance
