"""ColossalChat's format for supervised fine-tuning: messages with `from` instead of `role`."""

from collections.abc import Iterator

from exports.formats.answers import good_answers
from exports.formats.columns import TEXT, Columns
from exports.formats.conversation import from_messages, said
from exports.formats.format import Format, Phase, Reads
from exports.formats.options import Options, Row
from exports.record import Record

FROM_MESSAGES = [{"from": TEXT, "content": TEXT}]


def rows(record: Record, options: Options) -> Iterator[Row]:
    for answer in good_answers(record, options):
        yield {"messages": from_messages([*record.messages, said(answer)])}


def columns(options: Options) -> Columns:
    return {"messages": FROM_MESSAGES}


FORMAT = Format(rows, columns, reads=Reads.ANSWERS, phase=Phase.SFT)
