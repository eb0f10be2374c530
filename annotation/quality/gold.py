"""How well people do on tasks whose right order is known."""

from collections.abc import Mapping

from annotation.quality.said import Ranks, concord, pairs, relation


def score(gold: Ranks, ranks: Ranks) -> float | None:
    """The share, 0 to 1, of the gold order's strict pairs that `ranks` orders alike: a tie counts half.

    A pair that was left unranked counts nothing. Pairs that tie in gold ask nothing; None where all do.
    """
    asked = [(one, two, right) for one, two in pairs(sorted(gold)) if (right := relation(gold, one, two))]
    if not asked:
        return None
    given = [(relation(ranks, one, two), right) for one, two, right in asked]
    return sum(0.0 if said is None else concord(said, right) for said, right in given) / len(asked)


def scored(gold: Ranks, orders: Mapping[str, Ranks], criterion: str) -> float | None:
    """Of somebody's whole judgement: no order by the criterion (all bad) orders nothing."""
    return score(gold, orders.get(criterion, {}))
