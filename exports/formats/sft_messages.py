"""Conversations for supervised fine-tuning: each prompt with the answer that people put first."""

from collections.abc import Iterator

from exports.formats.conversation import whole
from exports.formats.options import Options, Row
from exports.record import Record


def rows(record: Record, options: Options) -> Iterator[Row]:
    """One row, or none: where several share the first place, or most say that all answers are bad, none is best."""
    best = [r.text for r, rank in zip(record.responses, record.consensus, strict=True) if rank == 0]
    if len(best) == 1 and not record.all_bad:
        yield {"messages": whole(record, best[0], Options()), "group_id": record.group_id}
