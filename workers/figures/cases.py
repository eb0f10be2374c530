"""What figures are computed from: ranked tasks on prompts never trained on, and their strict pairs as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Scores = Mapping[int, float]


@dataclass(frozen=True)
class Vote:
    """One person's order of a task: `ranks[sample id]`, 0 best; `strength` 1 … 4, 0 where none was asked."""

    person: int
    ranks: Mapping[int, int]
    strength: int = 0


@dataclass(frozen=True)
class Case:
    """A ranked task: `first[n]` and `second[n]` are places in `samples`, as in `annotation.comparisons.Group`."""

    task: int
    family: str
    samples: Sequence[int]
    lengths: Sequence[int]
    """Characters of each sample."""
    first: Sequence[int]
    second: Sequence[int]
    probability: Sequence[float]
    weight: Sequence[float]
    votes: Sequence[Vote] = ()
    language: str = ""
    category: str = ""
    day: date | None = None
    """When it was last judged."""


@dataclass(frozen=True)
class Pairs:
    """The P strict pairs of some cases, as arrays (P,): who was preferred and what the model says."""

    margin: Floats
    """Score of the preferred answer less the other's."""
    longer: Floats
    """Characters of the preferred answer less the other's."""
    distance: Ints
    """How many ranks lie between the two, over all votes on them, rounded; at least 1."""
    strength: Ints
    """The mean strength of the votes, rounded; 0 where none was asked."""
    family: Ints
    case: Ints
    """Number of the pair's case."""
    families: int

    def __len__(self) -> int:
        return len(self.margin)

    @property
    def correct(self) -> Floats:
        """1 where the preferred answer scores higher, ½ where both score the same, else 0."""
        return won(self.margin)

    def part(self, keep: NDArray[np.bool_]) -> "Pairs":
        return Pairs(
            self.margin[keep],
            self.longer[keep],
            self.distance[keep],
            self.strength[keep],
            self.family[keep],
            self.case[keep],
            self.families,
        )

    def by_family(self, values: Floats) -> Floats:
        """Sums of `values` (P,) a family, (families,)."""
        return np.bincount(self.family, weights=values, minlength=self.families).astype(np.float64)


def won(difference: Floats) -> Floats:
    return (np.sign(difference) + 1) / 2


def scored(cases: Sequence[Case], scores: Scores) -> list[Case]:
    """The cases all of whose answers have a score."""
    return [case for case in cases if all(sample in scores for sample in case.samples)]


def strict(cases: Sequence[Case], scores: Scores) -> Pairs:
    """The pairs that are no ties. Every answer of `cases` must have its score."""
    numbers = {family: n for n, family in enumerate(sorted({case.family for case in cases}))}
    rows = [
        (*_pair(case, scores, n), numbers[case.family], number)
        for number, case in enumerate(cases)
        for n, probability in enumerate(case.probability)
        if probability != 0.5
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    distance, strength, family, case = (table[:, n].astype(np.int64) for n in range(2, 6))
    return Pairs(table[:, 0], table[:, 1], distance, strength, family, case, len(numbers))


def _pair(case: Case, scores: Scores, n: int) -> tuple[float, float, int, int]:
    """margin, longer, distance, strength"""
    better, worse = case.first[n], case.second[n]
    if case.probability[n] < 0.5:
        better, worse = worse, better
    preferred, other = case.samples[better], case.samples[worse]
    on_both = [vote for vote in case.votes if preferred in vote.ranks and other in vote.ranks]
    gaps = [vote.ranks[other] - vote.ranks[preferred] for vote in on_both]
    strengths = [vote.strength for vote in on_both if vote.strength]
    return (
        scores[preferred] - scores[other],
        case.lengths[better] - case.lengths[worse],
        max(1, round(float(np.mean(gaps)))) if gaps else 1,
        round(float(np.mean(strengths))) if strengths else 0,
    )
