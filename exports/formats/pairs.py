"""Rankings → pairs of a better and a worse answer: which of them, and with what margin and weight."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache

from exports.formats.columns import NUMBER, Columns
from exports.formats.options import Options, Row
from exports.record import Record, Response, Verdict

Places = tuple[int, int, bool]  # better, worse, whether they tie
Pair = tuple[Response, Response, Row]  # chosen, rejected, and the columns that go with them


def columns(options: Options) -> Columns:
    """What `pairs` adds to a row."""
    return {
        **({"margin": NUMBER} if options.margin else {}),
        **({"weight": NUMBER} if options.weighted else {}),
    }


def pairs(record: Record, options: Options) -> Iterator[Pair]:
    """The pairs of every judgement, person by person, or of the people's consensus."""
    found = _of_consensus(record, options) if options.votes == "consensus" else _of_people(record, options)
    if options.min_margin > 0:
        found = (pair for pair in found if _decisive(record, pair, options.min_margin))
    if options.cap is not None:
        found = iter(_drawn(list(found), record, options))
    responses = record.responses
    for (better, worse, _), extra in found:
        yield responses[better], responses[worse], extra


def ranks_of(ranks: list[int | None], options: Options) -> tuple[int | None, ...]:
    """`ranks` with what has none put last, where the query wants that."""
    if options.unranked != "last" or None not in ranks or not (known := [r for r in ranks if r is not None]):
        return tuple(ranks)
    return tuple(max(known) + 1 if rank is None else rank for rank in ranks)


def _of_people(record: Record, options: Options) -> Iterator[tuple[Places, Row]]:
    for verdict in record.verdicts:
        if options.min_strength > 1 and (verdict.strength or 0) < options.min_strength:
            continue
        extra = _extra(options, margin_of(verdict), float(verdict.weight)) if options.margin or options.weighted else {}
        for places in _places(ranks_of(verdict.ranks, options), options.pairs, options.ties):
            yield places, _halved(extra) if places[2] else extra


def _of_consensus(record: Record, options: Options) -> Iterator[tuple[Places, Row]]:
    for places in _places(ranks_of(record.consensus, options), options.pairs, options.ties):
        margin = _mean_margin(record, places)
        if options.min_strength > 1 and margin < (options.min_strength - 1) / 3:
            continue
        extra = _extra(options, margin, 1.0)
        yield places, _halved(extra) if places[2] else extra


def _extra(options: Options, margin: float, weight: float) -> Row:
    return {
        **({"margin": margin} if options.margin else {}),
        **({"weight": weight} if options.weighted else {}),
    }


def _halved(extra: Row) -> Row:
    """Of a tie, which comes in both directions: half the weight, and no margin."""
    return {name: 0.0 if name == "margin" else value / 2 for name, value in extra.items()}


def margin_of(verdict: Verdict) -> float:
    """Llama 2's small margins (Touvron et al. 2023, table 27): 0, ⅓, ⅔, 1; 0 where no strength is stated."""
    return 0.0 if verdict.strength is None else (verdict.strength - 1) / 3


def _mean_margin(record: Record, places: Places) -> float:
    """The mean margin over those who state a strength; who sees the pair otherwise counts 0."""
    better, worse, _ = places
    margins = [
        margin_of(v) if _prefers(v.ranks, better, worse) > 0 else 0.0 for v in record.verdicts if v.strength is not None
    ]
    return sum(margins) / len(margins) if margins else 0.0


def _decisive(record: Record, pair: tuple[Places, Row], least: float) -> bool:
    (better, worse, _), _extra = pair
    votes = [(v.weight, _prefers(v.ranks, better, worse)) for v in record.verdicts if _both(v.ranks, better, worse)]
    total = sum(weight for weight, _ in votes)
    return bool(total) and sum(weight * vote for weight, vote in votes) >= least * total


def _both(ranks: list[int | None], one: int, other: int) -> bool:
    return ranks[one] is not None and ranks[other] is not None


def _prefers(ranks: list[int | None], better: int, worse: int) -> int:
    """1: yes; -1: the other way; 0: neither."""
    one, other = ranks[better], ranks[worse]
    return 0 if one is None or other is None else (one < other) - (one > other)


def _drawn(found: list[tuple[Places, Row]], record: Record, options: Options) -> list[tuple[Places, Row]]:
    """At most `options.cap` of them: the same draw on every machine, in the order in which they stood."""
    if options.cap is None or len(found) <= options.cap:
        return found

    def lot(place: int) -> bytes:
        return hashlib.sha256(f"{options.seed}:{record.group_id}:{place}".encode()).digest()

    return [found[place] for place in sorted(sorted(range(len(found)), key=lot)[: options.cap])]


@lru_cache(maxsize=8192)
def _places(ranks: tuple[int | None, ...], which: str, ties: str) -> tuple[Places, ...]:
    """The pairs of one weak order, in the order of the answers. Few answers have few orders: hence the cache."""
    levels = sorted({rank for rank in ranks if rank is not None})
    step = {rank: number for number, rank in enumerate(levels)}
    ranked = [(place, step[rank]) for place, rank in enumerate(ranks) if rank is not None]
    if ties == "drop":
        ranked = _one_a_level(ranked)
    found: list[Places] = []
    for n, (first, level) in enumerate(ranked):
        for second, other in ranked[n + 1 :]:
            if level == other:
                found += [(first, second, True), (second, first, True)] if ties == "half" else []
            elif _wanted(min(level, other), max(level, other), which):
                found.append((first, second, False) if level < other else (second, first, False))
    return tuple(found)


def _wanted(better: int, worse: int, which: str) -> bool:
    return which == "all" or (which == "adjacent" and worse == better + 1) or (which == "best" and better == 0)


def _one_a_level(ranked: list[tuple[int, int]]) -> list[tuple[int, int]]:
    seen: set[int] = set()
    return [(place, level) for place, level in ranked if not (level in seen or seen.add(level))]  # type: ignore[func-returns-value]
