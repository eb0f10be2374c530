"""Anthropic's hh-rlhf: two whole transcripts, `\\n\\nHuman: …\\n\\nAssistant: …`, that differ in the last answer."""

from collections.abc import Iterator

from exports.formats import pairs
from exports.formats.columns import TEXT, Columns
from exports.formats.conversation import hh_transcript
from exports.formats.format import Format
from exports.formats.options import Options, Row
from exports.record import Record, Response


def rows(record: Record, options: Options) -> Iterator[Row]:
    """A text that itself holds a blank line and `Human:` cannot be told from a turn: that is the format's own flaw."""

    def side(answer: Response) -> object:
        return options.piece(answer.pieces, "hh", lambda: f"{hh_transcript(record.messages)} {answer.text}")

    for chosen, rejected, _extra in pairs.pairs(record, options):
        yield {"chosen": side(chosen), "rejected": side(rejected)}


def columns(options: Options) -> Columns:
    return {"chosen": TEXT, "rejected": TEXT}


FORMAT = Format(rows, columns)
