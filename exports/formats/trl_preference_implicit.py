"""TRL's preference format with an implicit prompt: both sides hold the whole conversation."""

from collections.abc import Iterator

from exports.formats import pairs
from exports.formats.columns import TEXT, Columns
from exports.formats.conversation import conversational, whole
from exports.formats.format import Format
from exports.formats.options import Options, Row
from exports.record import Record


def rows(record: Record, options: Options) -> Iterator[Row]:
    """A row a pair; pairs of one ranking are correlated and share `group_id`."""
    group = record.group_id
    for chosen, rejected, extra in pairs.pairs(record, options):
        yield {
            "chosen": whole(record, chosen, options),
            "rejected": whole(record, rejected, options),
            "group_id": group,
            **extra,
        }


def columns(options: Options) -> Columns:
    side = conversational(options)
    return {"chosen": side, "rejected": side, "group_id": TEXT, **pairs.columns(options)}


FORMAT = Format(rows, columns)
