"""The columns of Dahoas/rm-static: hh-rlhf's transcript up to `Assistant:`, and answers behind a space."""

from collections.abc import Iterator

from exports.formats import pairs
from exports.formats.columns import TEXT, Columns
from exports.formats.conversation import hh_transcript
from exports.formats.format import Format
from exports.formats.options import Options, Row
from exports.record import Record, Response


def rows(record: Record, options: Options) -> Iterator[Row]:
    """`response` repeats the chosen answer: it is what that data set's SFT step reads."""

    def side(answer: Response) -> object:
        return options.piece(answer.pieces, "spaced", lambda: f" {answer.text}")

    prompt = options.piece(record.pieces, "hh", lambda: hh_transcript(record.messages))
    for chosen, rejected, _extra in pairs.pairs(record, options):
        yield {"prompt": prompt, "response": side(chosen), "chosen": side(chosen), "rejected": side(rejected)}


def columns(options: Options) -> Columns:
    return {"prompt": TEXT, "response": TEXT, "chosen": TEXT, "rejected": TEXT}


FORMAT = Format(rows, columns)
