"""TRL's preference format with an explicit prompt, for DPOTrainer, RewardTrainer, CPO and ORPO."""

from collections.abc import Iterator

from exports.formats import pairs
from exports.formats.columns import TEXT, Columns
from exports.formats.conversation import answer_of, conversational, prompt_of
from exports.formats.format import Format
from exports.formats.options import Options, Row
from exports.record import Record


def rows(record: Record, options: Options) -> Iterator[Row]:
    """A row a pair; pairs of one ranking are correlated and share `group_id`. `margin` is RewardTrainer's."""
    prompt, group = prompt_of(record, options), record.group_id
    for chosen, rejected, extra in pairs.pairs(record, options):
        yield {
            "prompt": prompt,
            "chosen": answer_of(chosen, options),
            "rejected": answer_of(rejected, options),
            "group_id": group,
            **extra,
        }


def columns(options: Options) -> Columns:
    side = conversational(options)
    return {"prompt": side, "chosen": side, "rejected": side, "group_id": TEXT, **pairs.columns(options)}


FORMAT = Format(rows, columns)
