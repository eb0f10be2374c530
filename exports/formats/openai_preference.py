"""OpenAI's preference format for fine-tuning (DPO)."""

from collections.abc import Iterator

from exports.formats import pairs
from exports.formats.columns import MESSAGES, Columns
from exports.formats.conversation import answer_of, prompt_of
from exports.formats.format import Format
from exports.formats.options import Options, Row
from exports.record import Record


def rows(record: Record, options: Options) -> Iterator[Row]:
    """Message lists always, also where the query says `text`."""
    lists = Options(plain=options.plain)
    for chosen, rejected, _extra in pairs.pairs(record, options):
        yield {
            "input": {"messages": prompt_of(record, lists)},
            "preferred_output": answer_of(chosen, lists),
            "non_preferred_output": answer_of(rejected, lists),
        }


def columns(options: Options) -> Columns:
    return {"input": {"messages": MESSAGES}, "preferred_output": MESSAGES, "non_preferred_output": MESSAGES}


FORMAT = Format(rows, columns)
