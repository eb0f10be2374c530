"""TRL's preference format with an implicit prompt: both sides hold the whole conversation."""

from collections.abc import Iterator

from exports.formats import pairs
from exports.formats.conversation import whole
from exports.formats.options import Options, Row
from exports.record import Record


def rows(record: Record, options: Options) -> Iterator[Row]:
    """A row a strict pair of a judgement; pairs of one ranking are correlated and share `group_id`."""
    group = record.group_id
    for chosen, rejected in pairs.texts(record):
        yield {
            "chosen": whole(record, chosen, options),
            "rejected": whole(record, rejected, options),
            "group_id": group,
        }
