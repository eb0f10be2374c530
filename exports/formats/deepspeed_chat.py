"""DeepSpeed-Chat's local files (`data/train.json`, `data/eval.json`): prompt, chosen, rejected.

A prompt reads `Human: … Assistant:`; its loader puts a space before each of the three texts. Its `eval.json` is our
validation split under another name.
"""

from collections.abc import Iterator

from exports.formats import pairs
from exports.formats.columns import TEXT, Columns
from exports.formats.conversation import plain_of, turns
from exports.formats.format import Format
from exports.formats.options import Options, Row
from exports.kinds import JSON_ARRAY, JSON_LINES
from exports.record import Record


def rows(record: Record, options: Options) -> Iterator[Row]:
    prompt = options.piece(record.pieces, "deepspeed", lambda: " ".join([*turns(record.messages), "Assistant:"]))
    for chosen, rejected, _extra in pairs.pairs(record, options):
        yield {"prompt": prompt, "chosen": plain_of(chosen, options), "rejected": plain_of(rejected, options)}


def columns(options: Options) -> Columns:
    return {"prompt": TEXT, "chosen": TEXT, "rejected": TEXT}


FORMAT = Format(rows, columns, files=(JSON_ARRAY, JSON_LINES))
