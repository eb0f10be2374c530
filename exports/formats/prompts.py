"""Prompts alone, for PPO, RLOO and GRPO. The reward model that goes with them is named in the manifest and the card."""

from collections.abc import Iterator

from exports.formats.columns import TEXT, Columns
from exports.formats.conversation import conversational, prompt_of
from exports.formats.format import Format, Phase, Reads
from exports.formats.options import Options, Row
from exports.record import Record


def rows(record: Record, options: Options) -> Iterator[Row]:
    yield {
        "prompt": prompt_of(record, options),
        "prompt_id": record.prompt_id,
        "language": record.language,
        "category": record.category,
    }


def columns(options: Options) -> Columns:
    return {"prompt": conversational(options), "prompt_id": TEXT, "language": TEXT, "category": TEXT}


FORMAT = Format(rows, columns, reads=Reads.PROMPTS, phase=Phase.RL)
