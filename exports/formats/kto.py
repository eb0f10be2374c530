"""TRL's unpaired format for KTO: an answer and whether it is wanted."""

from collections.abc import Iterator
from statistics import fmean

from exports.formats.columns import TEXT, YES_NO, Columns
from exports.formats.conversation import answer_of, conversational, prompt_of
from exports.formats.format import Format
from exports.formats.options import Options, Row
from exports.formats.unsafe import is_unsafe
from exports.record import Record

Labels = list[bool | None]


def rows(record: Record, options: Options) -> Iterator[Row]:
    """A row an answer of which it can be said; where most say that all answers are bad, none is wanted."""
    labels = [False] * len(record.responses) if record.all_bad else BY[options.kto](record, options)
    for answer, wanted in zip(record.responses, labels, strict=True):
        if wanted is not None:
            yield {
                "prompt": prompt_of(record, options),
                "completion": answer_of(answer, options),
                "label": wanted,
                "group_id": record.group_id,
            }


def columns(options: Options) -> Columns:
    side = conversational(options)
    return {"prompt": side, "completion": side, "label": YES_NO, "group_id": TEXT}


def _by_ranks(record: Record, options: Options) -> Labels:
    """The first place of the consensus is wanted, the last is not; those between, and one place for all, stay out."""
    ranks = record.consensus
    last = max((rank for rank in ranks if rank is not None), default=0)
    return [rank == 0 if last and rank in (0, last) else None for rank in ranks]


def _by_ratings(record: Record, options: Options) -> Labels:
    """By the mean of all ratings, each brought to 0…1: the upper third is wanted, the lower is not."""
    return [_third([_levels(v.ratings[n], options) for v in record.verdicts]) for n in range(len(record.responses))]


def _levels(ratings: dict[str, float], options: Options) -> list[float]:
    known = [(ratings[name], low, high) for name, low, high in options.scales if name in ratings]
    return [(value - low) / (high - low) for value, low, high in known if high > low]


def _third(people: list[list[float]]) -> bool | None:
    said = [level for levels in people for level in levels]
    mean = fmean(said) if said else 0.5
    return True if mean >= 2 / 3 else False if mean <= 1 / 3 else None


def _by_flags(record: Record, options: Options) -> Labels:
    """Not wanted where anybody marks the answer as harmful; wanted where all its judges looked and nobody did."""
    labels: Labels = []
    for place in range(len(record.responses)):
        looked = [v for v in record.verdicts if v.flags[place] or v.categories[place]]
        unsafe = any(is_unsafe(v, place) for v in looked)
        labels.append(False if unsafe else True if looked else None)
    return labels


BY = {"ranks": _by_ranks, "ratings": _by_ratings, "flags": _by_flags}

FORMAT = Format(rows, columns)
