"""TRL's prompt-completion format for supervised fine-tuning."""

from collections.abc import Iterator

from exports.formats.answers import good_answers
from exports.formats.columns import TEXT, Columns
from exports.formats.conversation import answer_of, conversational, prompt_of
from exports.formats.format import Format, Phase, Reads
from exports.formats.options import Options, Row
from exports.record import Record


def rows(record: Record, options: Options) -> Iterator[Row]:
    """A row an answer to learn from: the best one, or those that people wrote."""
    for answer in good_answers(record, options):
        yield {
            "prompt": prompt_of(record, options),
            "completion": answer_of(answer, options),
            "group_id": record.group_id,
        }


def columns(options: Options) -> Columns:
    return {"prompt": conversational(options), "completion": conversational(options), "group_id": TEXT}


FORMAT = Format(rows, columns, reads=Reads.ANSWERS, phase=Phase.SFT)
