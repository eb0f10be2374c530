"""TRL's stepwise format for process reward models: an answer's steps, and which of them are right.

A step is a paragraph of the answer (blank lines between). People judge steps with flags named `step_1`, `step_2`, …,
true where the step is right; an answer whose first step nobody judged is not here.
"""

import re
from collections.abc import Iterator

from exports.formats.columns import TEXT, YES_NO, Columns
from exports.formats.conversation import conversational, prompt_of
from exports.formats.format import Format
from exports.formats.options import Options, Row
from exports.record import Record

BETWEEN = re.compile(r"\n[^\S\n]*\n\s*")


def rows(record: Record, options: Options) -> Iterator[Row]:
    """A row an answer, up to the first step that nobody judged; a step is right where most say so."""
    text = Options(text=True, plain=options.plain)  # TRL's stepwise rows are plain strings
    for place, answer in enumerate(record.responses):
        steps = [step for step in BETWEEN.split(answer.text.strip()) if step]
        labels = list(_labels(record, place, len(steps)))
        if labels:
            yield {
                "prompt": prompt_of(record, text),
                "completions": steps[: len(labels)],
                "labels": labels,
                "group_id": record.group_id,
            }


def _labels(record: Record, place: int, steps: int) -> Iterator[bool]:
    for number in range(1, steps + 1):
        name = f"step_{number}"
        said = [bool(v.flags[place][name]) for v in record.verdicts if name in v.flags[place]]
        if not said:
            return
        yield 2 * sum(said) > len(said)


def columns(options: Options) -> Columns:
    text = Options(text=True)
    return {"prompt": conversational(text), "completions": [TEXT], "labels": [YES_NO], "group_id": TEXT}


FORMAT = Format(rows, columns)
