"""A table with one column, `prompt`, as Coati's PPO reads it."""

from collections.abc import Iterator

from exports.formats.columns import TEXT, Columns
from exports.formats.conversation import transcript
from exports.formats.format import Format, Phase, Reads
from exports.formats.options import Options, Row
from exports.kinds import CSV
from exports.record import Record


def rows(record: Record, options: Options) -> Iterator[Row]:
    """What the user said, or the transcript where there is more than that."""
    single = len(record.messages) == 1
    yield {"prompt": record.messages[0]["content"] if single else transcript(record.messages)}


def columns(options: Options) -> Columns:
    return {"prompt": TEXT}


FORMAT = Format(rows, columns, reads=Reads.PROMPTS, phase=Phase.RL, files=(CSV,))
