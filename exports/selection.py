"""Which records a query keeps, by what their judgements say. What the database can tell is in statements.py."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from exports.formats.unsafe import holds_unsafe
from exports.query import IN, ONLY, Query
from exports.record import Record, Verdict


class Selection:
    """Keeps or leaves out records; `left_out` counts why."""

    def __init__(self, query: Query):
        self.query = query
        self.left_out: Counter[str] = Counter()

    def kept(self, found: Iterator[Record]) -> Iterator[Record]:
        for record in found:
            if reason := self._reason(record):
                self.left_out[reason] += 1
            else:
                yield record

    def _reason(self, record: Record) -> str:
        query = self.query
        if query.unsafe != IN and holds_unsafe(record) != (query.unsafe == ONLY):
            return "unsafe"
        if query.min_agreement > 0 and (agreement(record.verdicts) or 0.0) < query.min_agreement:
            return "agreement"
        return ""


def agreement(verdicts: list[Verdict]) -> float | None:
    """The share of strict pairs that two people order alike, over all twos; None where there is nothing to compare."""
    alike, total = agreeing(verdicts)
    return alike / total if total else None


def agreeing(verdicts: list[Verdict]) -> tuple[int, int]:
    """`(pairs ordered alike, pairs that both order strictly)` over all twos of judges."""
    alike = total = 0
    for one, other in combinations([verdict.ranks for verdict in verdicts], 2):
        places = [n for n in range(len(one)) if one[n] is not None and other[n] is not None]
        for a, b in combinations(places, 2):
            ours, theirs = one[a] - one[b], other[a] - other[b]  # type: ignore[operator]
            total += bool(ours and theirs)
            alike += ours * theirs > 0
    return alike, total
