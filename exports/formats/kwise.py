"""InstructGPT's own unit: one row a prompt with its ranked answers, equal ranks are ties."""

from collections.abc import Iterator

from exports.formats.columns import MESSAGES, NUMBER, TEXT, WHOLE, YES_NO, Columns
from exports.formats.conversation import prompt_of
from exports.formats.format import Format
from exports.formats.options import Options, Row, as_json
from exports.formats.pairs import ranks_of
from exports.record import Record, Verdict


def rows(record: Record, options: Options) -> Iterator[Row]:
    """One row: `ranks` beside `responses` is the people's consensus, 0 best; each person's own is in `judgements`.

    Answers that nobody ranked are in `unranked`. In `judgements` a rank is null where that person gave none; all its
    lists run beside `responses`, and ratings, flags and categories are JSON within a string (see raw.py).
    """
    if not any(verdict.is_order or verdict.all_bad for verdict in record.verdicts):
        return
    ranks = ranks_of(record.consensus, options)
    ranked = _places(ranks, options)
    unranked = () if options.unranked == "drop" else [place for place, rank in enumerate(ranks) if rank is None]
    yield {
        "group_id": record.group_id,
        "prompt_id": record.prompt_id,
        "family": record.family,
        "language": record.language,
        "category": record.category,
        "source": record.source,
        "prompt": prompt_of(record, Options(plain=options.plain)),
        "responses": [record.responses[place].text for place in ranked],
        "ranks": [ranks[place] for place in ranked],
        "response_ids": [record.responses[place].id for place in ranked],
        "models": [record.responses[place].model for place in ranked],
        "unranked": [record.responses[place].text for place in unranked],
        "judgements": [_judgement(verdict, ranked) for verdict in record.verdicts],
    }


def _places(ranks: tuple[int | None, ...], options: Options) -> list[int]:
    """The ranked answers; one of each rank where ties are dropped."""
    ranked = [place for place, rank in enumerate(ranks) if rank is not None]
    if options.ties != "drop":
        return ranked
    first = {ranks[place]: place for place in reversed(ranked)}
    return sorted(first.values())


def _judgement(verdict: Verdict, ranked: list[int]) -> Row:
    return {
        "annotator": verdict.annotator,
        "ranks": [verdict.ranks[place] for place in ranked],
        "strength": verdict.strength,
        "ratings": [as_json(verdict.ratings[place]) for place in ranked],
        "flags": [as_json(verdict.flags[place]) for place in ranked],
        "categories": [as_json(verdict.categories[place]) for place in ranked],
        "all_bad": verdict.all_bad,
        "seconds": verdict.seconds,
    }


JUDGEMENT = {
    "annotator": TEXT,
    "ranks": [WHOLE],
    "strength": WHOLE,
    "ratings": [TEXT],
    "flags": [TEXT],
    "categories": [TEXT],
    "all_bad": YES_NO,
    "seconds": NUMBER,
}


def columns(options: Options) -> Columns:
    names = ("group_id", "prompt_id", "family", "language", "category", "source")
    return {
        **dict.fromkeys(names, TEXT),
        "prompt": MESSAGES,
        "responses": [TEXT],
        "ranks": [WHOLE],
        "response_ids": [TEXT],
        "models": [TEXT],
        "unranked": [TEXT],
        "judgements": [JUDGEMENT],
    }


FORMAT = Format(rows, columns)
