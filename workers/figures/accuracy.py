"""Accuracy over strict pairs, whole and in slices, each with an interval over prompt families."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from workers.figures.cases import Case, Floats, Pairs, won
from workers.reward.metrics import interval, resampled_ratios

ROUNDS = 6
LEAST_IN_ROUND = 20  # pairs: thinner slices of time say nothing
SLICES = 12

Figure = dict[str, Any]


def accuracy(pairs: Pairs, seed: int = 0) -> Figure:
    """`{value, low, high, pairs}`; see `metrics.interval`."""
    return {**share(pairs, pairs.correct, seed), "pairs": len(pairs)}


def share(pairs: Pairs, values: Floats, seed: int = 0) -> Figure:
    """The mean of `values` (P,), with its interval over families."""
    return dict(interval(pairs.by_family(values), pairs.by_family(np.ones(len(pairs))), seed))


def longer_wins(pairs: Pairs) -> Floats:
    """(P,) what the rule "the longer answer wins" gets."""
    return won(pairs.longer)


def shorter_won(pairs: Pairs, seed: int = 0) -> Figure:
    """Accuracy where people preferred the shorter answer: what a model that only counts characters gets wrong."""
    return accuracy(pairs.part(pairs.longer < 0), seed)


def by_distance(pairs: Pairs, seed: int = 0) -> list[Figure]:
    """Accuracy by how many ranks lie between the two answers."""
    return _sliced(pairs, pairs.distance.tolist(), seed)


def by_strength(pairs: Pairs, seed: int = 0) -> list[Figure]:
    """Accuracy by how strongly people preferred (Llama 2's four steps); empty where that was not asked."""
    return [figure for figure in _sliced(pairs, pairs.strength.tolist(), seed) if figure["name"]]


def by_case(pairs: Pairs, cases: Sequence[Case], name: Callable[[Case], str], seed: int = 0) -> list[Figure]:
    """Accuracy by a property of the prompt, the most pairs first."""
    found = _sliced(pairs, [name(cases[n]) for n in pairs.case], seed)
    return sorted(found, key=lambda figure: -figure["pairs"])[:SLICES]


def by_round(pairs: Pairs, cases: Sequence[Case], seed: int = 0) -> list[Figure]:
    """Accuracy in slices of time that hold about as many pairs each, oldest first; `name` is the first day.

    No day is divided, so a slice may hold more.
    """
    days = [case.day for case in cases]
    known = [days[n] for n in pairs.case]
    dated = sorted(day for day in known if day is not None)
    count = max(1, min(ROUNDS, len(dated) // LEAST_IN_ROUND))
    starts = sorted({dated[len(dated) * n // count] for n in range(count)}) if dated else []
    names = [max((s for s in starts if s <= day), default=None) if day else None for day in known]
    return _sliced(pairs, [start.isoformat() if start else "" for start in names], seed)


def _sliced(pairs: Pairs, names: Sequence[Hashable], seed: int) -> list[Figure]:
    """One figure for each name, in the names' order."""
    return [
        {"name": name, **accuracy(pairs.part(np.array([n == name for n in names], dtype=bool)), seed)}
        for name in sorted(set(names), key=_order)
    ]


def _order(name: Any) -> Any:
    return name


def difference(new: Pairs, old: Pairs, seed: int = 0) -> Figure:
    """Accuracy of `new` less that of `old` over the same pairs, paired: `{value, low, high, worse, pairs}`.

    `worse` is the share of resamples of families in which `new` is worse (an even one counts ½); None for one family.
    """
    gained = new.correct - old.correct
    figure = share(new, gained, seed)
    worse = None
    if figure["low"] is not None:
        counts = new.by_family(np.ones(len(new)))
        worse = float(1 - won(np.round(resampled_ratios(new.by_family(gained), counts, seed), 12)).mean())
    return {**figure, "worse": worse, "pairs": len(new), "families": int((new.by_family(np.ones(len(new))) > 0).sum())}
