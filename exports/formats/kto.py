"""TRL's unpaired format for KTO: an answer and whether it is wanted."""

from collections.abc import Iterator

from exports.formats.conversation import answer_of, prompt_of
from exports.formats.options import Options, Row
from exports.record import Record


def rows(record: Record, options: Options) -> Iterator[Row]:
    """The answers in the first place of the consensus are wanted, those in the last are not, those between stay out.

    Where all share one place nothing is said of them. Where most say that all answers are bad, none is wanted.
    """
    for text, wanted in _labelled(record):
        yield {
            "prompt": prompt_of(record, options),
            "completion": answer_of(text, options),
            "label": wanted,
            "group_id": record.group_id,
        }


def _labelled(record: Record) -> Iterator[tuple[str, bool]]:
    if record.all_bad:
        yield from ((response.text, False) for response in record.responses)
        return
    ranks = record.consensus
    last = max((rank for rank in ranks if rank is not None), default=0)
    for response, rank in zip(record.responses, ranks, strict=True):
        if last and rank in (0, last):
            yield response.text, rank == 0
