"""Cases by hand: a ranked task in one line."""

from datetime import date

from annotation.comparisons import pairs_of
from workers.figures.cases import Case, Vote


def case(
    family: str,
    ranks: dict[int, int],
    *,
    lengths: dict[int, int] | None = None,
    votes: list[Vote] | None = None,
    day: date | None = None,
    category: str = "",
    language: str = "en",
    strength: int = 0,
) -> Case:
    """`case("a", {1: 0, 2: 1})`: somebody preferred sample 1 to sample 2."""
    samples = sorted(ranks)
    pairs = pairs_of(range(len(samples)), [ranks[s] for s in samples])
    return Case(
        task=hash((family, *samples)),
        family=family,
        samples=samples,
        lengths=[(lengths or {}).get(s, 10) for s in samples],
        first=[p.first for p in pairs],
        second=[p.second for p in pairs],
        probability=[p.probability for p in pairs],
        weight=[1.0] * len(pairs),
        votes=[Vote(1, ranks, strength)] if votes is None else votes,
        language=language,
        category=category,
        day=day,
    )
