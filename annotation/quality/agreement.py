"""How far people agree on the same tasks: by criterion, by day, by person. Gold tasks are measured elsewhere."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from heapq import heappush, heappushpop
from typing import Any

from annotation.quality.alpha import Coincidences
from annotation.quality.said import Judged, Ranks, concord, pairs, relation
from annotation.quality.shares import Tally

LEVELS = 2 * 9 - 1  # twice a mid-rank of up to nine answers
DISPUTED = 50  # tasks that are named
RELATIONS = (1, 0, -1)


@dataclass(slots=True)
class Agreement:
    """Of one criterion, over the tasks that two or more people ordered."""

    tally: Tally = field(default_factory=Tally)
    by_day: dict[date, Tally] = field(default_factory=dict)
    by_person: dict[int, Tally] = field(default_factory=dict)
    consensus: Counter[str] = field(default_factory=Counter)
    of_pairs: Coincidences = field(default_factory=lambda: Coincidences(3))
    of_ranks: Coincidences = field(default_factory=lambda: Coincidences(LEVELS))
    disputed: list[tuple[float, int]] = field(default_factory=list)  # a heap of (-agreement, task)

    def add(self, judged: Judged, criterion: str) -> None:
        orders = {vote.person: vote.orders[criterion] for vote in judged.votes if criterion in vote.orders}
        if len(orders) < 2:
            return
        compared = compare(orders)
        if compared.agreement is None:
            return
        self.tally.add(compared.agreement)
        self.by_day.setdefault(max(vote.day for vote in judged.votes), Tally()).add(compared.agreement)
        for person, share in compared.by_person.items():
            self.by_person.setdefault(person, Tally()).add(share)
        self.consensus[compared.consensus] += 1
        self._count_alpha(orders, compared)
        self._note(compared.agreement, judged.task)

    def _count_alpha(self, orders: Mapping[int, Ranks], compared: "Compared") -> None:
        for counts in compared.counts:
            # Which of two samples is called the first is a matter of ids: each pair enters both ways round.
            self.of_pairs.add(counts, 0.5)
            self.of_pairs.add(counts[::-1], 0.5)
        levels: dict[int, list[int]] = {}
        for ranks in orders.values():
            for sample, level in mid_ranks(ranks).items():
                levels.setdefault(sample, [0] * LEVELS)[min(level, LEVELS - 1)] += 1
        for counted in levels.values():
            self.of_ranks.add(counted)

    def _note(self, agreement: float, task: int) -> None:
        if len(self.disputed) < DISPUTED:
            heappush(self.disputed, (-agreement, task))
        else:
            heappushpop(self.disputed, (-agreement, task))

    def figures(self) -> dict[str, Any]:
        return {
            "tasks": self.tally.n,
            "pair_agreement": self.tally.estimate().as_dict(),
            "alpha_pairs": self.of_pairs.alpha(),
            "alpha_ranks": self.of_ranks.alpha(),
            "consensus": {name: self.consensus[name] for name in CONSENSUS},
            "by_day": {day.isoformat(): tally.estimate().as_dict() for day, tally in sorted(self.by_day.items())},
            "disputed": [
                {"task": task, "agreement": round(-negative, 6)} for negative, task in sorted(self.disputed)[::-1]
            ],
        }


CONSENSUS = ("unanimous", "majority", "split")


@dataclass(frozen=True, slots=True)
class Compared:
    """Several orders of one task, pair of samples by pair of samples."""

    agreement: float | None
    """Mean over pairs of samples and of people; None where no two people ranked the same two samples."""
    by_person: Mapping[int, float]
    """Each one's mean agreement with the others."""
    counts: list[list[int]]
    """A pair each: how many say first better, tie, second better."""
    consensus: str
    """`unanimous`: all say the same of every pair; `majority`: of every pair, more than half do; else `split`."""


def compare(orders: Mapping[int, Ranks]) -> Compared:
    samples = sorted({sample for ranks in orders.values() for sample in ranks})
    counts, shares = [], dict[int, list[float]]()
    for first, second in pairs(samples):
        said = {person: r for person, ranks in orders.items() if (r := relation(ranks, first, second)) is not None}
        if len(said) < 2:
            continue
        counted = Counter(said.values())
        counts.append([counted[r] for r in RELATIONS])
        for person, mine in said.items():
            agreeing = sum(n * concord(mine, r) for r, n in counted.items()) - 1  # but for oneself
            shares.setdefault(person, []).append(agreeing / (len(said) - 1))
    by_person = {person: _mean(values) for person, values in shares.items()}
    flat = [value for values in shares.values() for value in values]
    return Compared(_mean(flat) if flat else None, by_person, counts, _consensus(counts))


def _consensus(counts: Iterable[list[int]]) -> str:
    tops = [max(counted) / sum(counted) for counted in counts]
    if all(top == 1 for top in tops):
        return "unanimous"
    return "majority" if all(top > 0.5 for top in tops) else "split"


def mid_ranks(ranks: Ranks) -> dict[int, int]:
    """Sample id → twice the mean place of all that share its rank: A > B = C gives 0, 3, 3."""
    sizes = Counter(ranks.values())
    below, levels = 0, dict[int, int]()
    for rank in sorted(sizes):
        levels[rank] = 2 * below + sizes[rank] - 1
        below += sizes[rank]
    return {sample: levels[rank] for sample, rank in ranks.items()}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
