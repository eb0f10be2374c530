"""Conversations for supervised fine-tuning: each prompt with the answer that people put first."""

from collections.abc import Iterator

from exports.formats.answers import good_answers
from exports.formats.columns import MESSAGES, TEXT, Columns
from exports.formats.conversation import said
from exports.formats.format import Format, Phase, Reads
from exports.formats.options import Options, Row
from exports.record import Record


def rows(record: Record, options: Options) -> Iterator[Row]:
    """Message lists always, also where the query says `text`."""
    for answer in good_answers(record, options):
        yield {"messages": [*record.messages, said(answer)], "group_id": record.group_id}


def columns(options: Options) -> Columns:
    return {"messages": MESSAGES, "group_id": TEXT}


FORMAT = Format(rows, columns, reads=Reads.ANSWERS, phase=Phase.SFT)
