"""What sways people besides the answers: their place on the page, their length, haste, and habit."""

from collections import Counter
from dataclasses import dataclass, field
from math import factorial, log2
from typing import Any

from annotation.quality.said import Judged, Ranks, Vote, pairs, relation
from annotation.quality.shares import Tally

# About four times what people read with understanding (250 words a minute are 25 bytes a second of English, 7
# characters a second 21 bytes of Chinese): who is faster has not read it all (Brysbaert 2019).
FASTEST_READING = 100.0  # bytes a second
READ_AT_LEAST = 400  # bytes: shorter tasks are read in a glance
STEPS = 8  # of the seconds' histogram, an octave: a median is right to 4.5%


@dataclass(frozen=True, slots=True)
class Seen:
    """One judgement, as habits are counted; None where it says nothing of one."""

    first_wins: float | None
    longer_wins: float | None
    too_fast: float | None
    as_shown: float | None
    all_tied: float | None
    by_chance: float
    """How likely throwing dice would leave the order as shown."""
    seconds: float | None
    by_place: list[float | None]
    """Of each place on the page, the share of its pairs with a winner that it won."""


def see(judged: Judged, vote: Vote, criterion: str) -> Seen:
    ranks = vote.orders.get(criterion, {})
    given = [ranks[sample] for sample in vote.shown] if len(ranks) > 1 and set(vote.shown) == set(ranks) else []
    different = len(set(given))
    return Seen(
        first_wins=first_wins(vote, ranks),
        longer_wins=longer_wins(judged, ranks),
        too_fast=too_fast(judged, vote),
        as_shown=float(given == sorted(given) and different == len(given)) if given else None,
        all_tied=float(different == 1) if given else None,
        by_chance=1 / factorial(len(given)) if given else 0.0,
        seconds=vote.seconds,
        by_place=wins_by_place(vote, ranks),
    )


@dataclass(slots=True)
class Habits:
    """Of one person, or of all together."""

    judgements: int = 0
    first_wins: Tally = field(default_factory=Tally)  # a judgement: share of its strict pairs that the upper one won
    longer_wins: Tally = field(default_factory=Tally)
    too_fast: Tally = field(default_factory=Tally)
    as_shown: Tally = field(default_factory=Tally)
    as_shown_by_chance: float = 0.0  # how many of them would be, did people throw dice
    all_tied: Tally = field(default_factory=Tally)
    seconds: Counter[int] = field(default_factory=Counter)

    def add(self, seen: Seen) -> None:
        self.judgements += 1
        _observe(self.first_wins, seen.first_wins)
        _observe(self.longer_wins, seen.longer_wins)
        _observe(self.too_fast, seen.too_fast)
        _observe(self.as_shown, seen.as_shown)
        _observe(self.all_tied, seen.all_tied)
        self.as_shown_by_chance += seen.by_chance
        if seen.seconds is not None:
            self.seconds[round(STEPS * log2(max(seen.seconds, 0.1)))] += 1

    @property
    def median_seconds(self) -> float | None:
        """Of the histogram's steps, the one in which the middle lies."""
        left = (self.seconds.total() + 1) // 2
        for step, count in sorted(self.seconds.items()):
            left -= count
            if left <= 0:
                return round(2 ** (step / STEPS), 1)
        return None

    def figures(self) -> dict[str, Any]:
        return {
            "judgements": self.judgements,
            "first_wins": self.first_wins.estimate().as_dict(),
            "longer_wins": self.longer_wins.estimate().as_dict(),
            "too_fast": self.too_fast.estimate().as_dict(),
            "as_shown": {
                **self.as_shown.estimate().as_dict(),
                "by_chance": round(self.as_shown_by_chance / self.as_shown.n, 6) if self.as_shown.n else None,
            },
            "all_tied": self.all_tied.estimate().as_dict(),
            "median_seconds": self.median_seconds,
        }


def _observe(tally: Tally, value: float | None) -> None:
    if value is not None:
        tally.add(value)


def first_wins(vote: Vote, ranks: Ranks) -> float | None:
    """Of the pairs with a winner, the share that the answer further up the page won. Without a habit it is ½."""
    return _share([relation(ranks, upper, lower) for upper, lower in pairs(vote.shown)])


def longer_wins(judged: Judged, ranks: Ranks) -> float | None:
    """Of the pairs with a winner and of unequal length, the share that the longer answer won."""
    unequal = [(a, b) for a, b in pairs(sorted(ranks)) if judged.sizes.get(a, 0) != judged.sizes.get(b, 0)]
    longer_first = [(a, b) if judged.sizes.get(a, 0) > judged.sizes.get(b, 0) else (b, a) for a, b in unequal]
    return _share([relation(ranks, longer, shorter) for longer, shorter in longer_first])


def _share(relations: list[int | None]) -> float | None:
    won = [r > 0 for r in relations if r]
    return sum(won) / len(won) if won else None


def too_fast(judged: Judged, vote: Vote) -> float | None:
    """1 where nobody could have read it all in the time; None where no time was measured or there is little to read."""
    size = judged.prompt_size + sum(judged.sizes.values())
    if vote.seconds is None or size < READ_AT_LEAST:
        return None
    return float(size > FASTEST_READING * vote.seconds)


def wins_by_place(vote: Vote, ranks: Ranks) -> list[float | None]:
    shown = vote.shown
    won, met = [0] * len(shown), [0] * len(shown)
    for upper, lower in pairs(range(len(shown))):
        if said := relation(ranks, shown[upper], shown[lower]):
            won[upper if said > 0 else lower] += 1
            met[upper] += 1
            met[lower] += 1
    return [w / m if m else None for w, m in zip(won, met, strict=True)]


@dataclass(slots=True)
class Places:
    """How often an answer wins by its place on the page: `[0]` stands first."""

    tallies: list[Tally] = field(default_factory=lambda: [Tally() for _ in range(9)])

    def add(self, seen: Seen) -> None:
        for tally, share in zip(self.tallies, seen.by_place, strict=False):
            _observe(tally, share)

    def figures(self) -> list[dict[str, Any]]:
        return [tally.estimate().as_dict() for tally in self.tallies if tally.n]
