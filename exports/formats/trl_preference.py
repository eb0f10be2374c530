"""TRL's preference format with an explicit prompt, for DPOTrainer, RewardTrainer, CPO and ORPO."""

from collections.abc import Iterator

from exports.formats import pairs
from exports.formats.conversation import answer_of, prompt_of
from exports.formats.options import Options, Row
from exports.record import Record


def rows(record: Record, options: Options) -> Iterator[Row]:
    """A row a strict pair of a judgement; pairs of one ranking are correlated and share `group_id`."""
    prompt, group = prompt_of(record, options), record.group_id
    for chosen, rejected in pairs.texts(record):
        yield {
            "prompt": prompt,
            "chosen": answer_of(chosen, options),
            "rejected": answer_of(rejected, options),
            "group_id": group,
        }
