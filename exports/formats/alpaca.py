"""Alpaca's format: instruction, input, output. Its own files are one JSON array."""

from collections.abc import Iterator

from exports.formats.answers import good_answers
from exports.formats.columns import TEXT, Columns
from exports.formats.conversation import turns
from exports.formats.format import Format, Phase, Reads
from exports.formats.options import Options, Row
from exports.kinds import JSON_ARRAY, JSON_LINES
from exports.record import Record


def rows(record: Record, options: Options) -> Iterator[Row]:
    """The user's last turn is the instruction; what was said before it, if anything, is the input."""
    for answer in good_answers(record, options):
        yield {
            "instruction": record.messages[-1]["content"],
            "input": "\n\n".join(turns(record.messages[:-1])),
            "output": answer.text,
        }


def columns(options: Options) -> Columns:
    return {"instruction": TEXT, "input": TEXT, "output": TEXT}


FORMAT = Format(rows, columns, reads=Reads.ANSWERS, phase=Phase.SFT, files=(JSON_ARRAY, JSON_LINES))
