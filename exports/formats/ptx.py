"""Text for the pretraining loss beside PPO (PTX): whole texts, and ColossalChat's `source` and `Target`."""

from collections.abc import Iterator

from exports.formats.answers import good_answers
from exports.formats.columns import TEXT, Columns
from exports.formats.conversation import transcript
from exports.formats.format import Format, Phase, Reads
from exports.formats.options import Options, Row
from exports.record import Record


def rows(record: Record, options: Options) -> Iterator[Row]:
    """`text` is `source` and `Target` with a space between; the trainer adds the end-of-text token."""
    source = transcript(record.messages)
    for answer in good_answers(record, options):
        yield {"text": f"{source} {answer.text}", "source": source, "Target": answer.text}


def columns(options: Options) -> Columns:
    return {"text": TEXT, "source": TEXT, "Target": TEXT}


FORMAT = Format(rows, columns, reads=Reads.ANSWERS, phase=Phase.RL)
