"""The simulated annotators of the demo's example round: what each makes of some answers. Arithmetic, no people."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

SHORTEST_S = 2.0  # that anybody takes


@dataclass(frozen=True)
class Answer:
    """`quality`: what its writer aimed at, 1 (bad) to 4 (excellent)."""

    quality: int
    size: int
    """Bytes."""


@dataclass(frozen=True)
class Annotator:
    """How somebody looks at answers; all but `name` and `pace` on the scale of `Answer.quality`."""

    name: str
    noise: float
    """Standard deviation of what an answer looks like, around its quality."""
    ties: float = 0.2
    """Answers that look no further apart than this tie."""
    upper: float = 0.0
    """What each place further up the page gains."""
    longer: float = 0.0
    """What an answer gains that is e times as long as another."""
    pace: float = 25.0
    """Bytes a second."""

    def order(self, shown: Sequence[int], answers: Mapping[int, Answer], dice: Random) -> list[list[int]]:
        """Groups of the sample ids `shown`, best first, as they look now."""
        looks = {
            pk: answers[pk].quality
            + dice.gauss(0, self.noise)
            - self.upper * place
            + self.longer * math.log(answers[pk].size)
            for place, pk in enumerate(shown)
        }
        groups: list[list[int]] = []
        for pk in sorted(looks, key=lambda pk: -looks[pk]):
            if groups and looks[groups[-1][-1]] - looks[pk] <= self.ties:
                groups[-1].append(pk)
            else:
                groups.append([pk])
        return groups

    def seconds(self, size: int, dice: Random) -> float:
        """That they take for a task of so many bytes."""
        return round(max(SHORTEST_S, size / self.pace * dice.lognormvariate(0, 0.3)), 1)


CREW = (
    Annotator("Simulated annotator 1", noise=0.35),
    Annotator("Simulated annotator 2", noise=0.5, pace=18),
    Annotator("Simulated annotator 3", noise=0.8),
    Annotator("Simulated annotator 4", noise=0.8, ties=0.5, pace=30),
    Annotator("Simulated annotator 5", noise=8.0, ties=0.05, pace=300),  # careless
    Annotator("Simulated annotator 6", noise=0.4, upper=1.5, longer=0.7),  # biased
)
