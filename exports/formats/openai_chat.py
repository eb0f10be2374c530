"""OpenAI's chat format for fine-tuning: `messages` and nothing else, which its checks insist on."""

from collections.abc import Iterator

from exports.formats.answers import good_answers
from exports.formats.columns import MESSAGES, Columns
from exports.formats.conversation import said
from exports.formats.format import Format, Phase, Reads
from exports.formats.options import Options, Row
from exports.record import Record


def rows(record: Record, options: Options) -> Iterator[Row]:
    for answer in good_answers(record, options):
        yield {"messages": [*record.messages, said(answer)]}


def columns(options: Options) -> Columns:
    return {"messages": MESSAGES}


FORMAT = Format(rows, columns, reads=Reads.ANSWERS, phase=Phase.SFT)
