"""The formats that are one simple mapping from a row of the file to a record.

Sources: LLMBar (princeton-nlp/LLMBar), PandaLM (WeOpenML/PandaLM), seed tasks (yizhongw/self-instruct); the rest is
our own. A file is read as it is found; what cannot be understood is a bad row, never a guess.
"""

from collections.abc import Callable, Iterable
from typing import BinaryIO

from django.utils.translation import gettext as _

from annotation.content import checked_text
from annotation.intake.checking import comparison_row, is_whole, prompt_row, required_text, sample_row
from annotation.intake.lines import Numbered, text_lines
from annotation.intake.objects import objects
from annotation.intake.rows import BadRow, Data, Record, Rows
from annotation.intake.tables import table

PROMPT_COLUMNS = ("prompt", "instruction", "question", "query", "text", "content", "input")
PANDALM_PEOPLE = ("annotator1", "annotator2", "annotator3")
PANDALM_RANKS = {0: [0, 0], 1: [0, 1], 2: [1, 0]}


def records(found: Numbered[Data], shape: Callable[[Data], Iterable[Data]], check: Callable[[Data], Record]) -> Rows:
    """Each row of a file, brought by `shape` into the shape that `check` makes a record of; reasons become bad rows."""
    for item in found:
        if isinstance(item, BadRow):
            yield item
            continue
        line, data = item
        try:
            for shaped in shape(data):
                yield from _checked(line, shaped, check)
        except ValueError as error:
            yield BadRow(line, str(error))


def _checked(line: int, data: Data, check: Callable[[Data], Record]) -> Rows:
    try:
        yield line, check(data)
    except ValueError as error:
        yield BadRow(line, str(error))


def as_found(data: Data) -> Iterable[Data]:
    yield data


def kwise(stream: BinaryIO) -> Rows:
    """`{prompt, responses[], ranks[], annotator?, …}`, ours; our exports call the generators `models`."""
    return records(objects(stream), _kwise, comparison_row)


def _kwise(data: Data) -> Iterable[Data]:
    yield {"generators": data.get("models"), **data}


def samples(stream: BinaryIO) -> Rows:
    """`{prompt_id | prompt, text, generator, …}`, ours."""
    return records(objects(stream), as_found, sample_row)


def prompts(stream: BinaryIO) -> Rows:
    """`{messages | prompt | instruction | …, language?, …}`."""
    return records(objects(stream), _prompt, prompt_row)


def prompts_csv(stream: BinaryIO) -> Rows:
    """A table with a column `prompt` (or `instruction`, `text`, …) and, where it has them, `language`, `category`, …"""
    return records(table(stream), _prompt, prompt_row)


def prompts_text(stream: BinaryIO) -> Rows:
    """One prompt a line."""
    lines = text_lines(stream)
    return records((i if isinstance(i, BadRow) else (i[0], {"prompt": i[1]}) for i in lines), as_found, prompt_row)


def _prompt(data: Data) -> Iterable[Data]:
    if data.get("messages") is not None:
        yield data
        return
    name = next((name for name in PROMPT_COLUMNS if data.get(name) is not None), None)
    if name is None:
        words = _("There is no prompt: name its field or column one of messages, %(names)s.")
        raise ValueError(words % {"names": ", ".join(PROMPT_COLUMNS)})
    if name == "instruction" and data.get("input"):
        yield {**data, "prompt": with_input(required_text(data, name), required_text(data, "input"))}
        return
    yield {**data, "prompt": data[name]}


def seed_tasks(stream: BinaryIO) -> Rows:
    """Self-instruct seed tasks: the instruction with its first instance's input is a prompt."""
    return records(objects(stream), _seed_task, prompt_row)


def _seed_task(data: Data) -> Iterable[Data]:
    instances = data.get("instances")
    first = instances[0] if isinstance(instances, list) and instances else {}
    given = first.get("input", "") if isinstance(first, dict) else ""
    yield {
        "prompt": with_input(required_text(data, "instruction"), checked_text(given, "input")),
        "category": "classification" if data.get("is_classification") is True else "",
        "external_id": data.get("id"),
        "language": data.get("language"),
    }


def with_input(instruction: str, given: str) -> str:
    """An instruction and the text it works on, as one message."""
    return f"{instruction}\n\n{given}" if given.strip() else instruction


def llmbar(stream: BinaryIO) -> Rows:
    """`{input, output_1, output_2, label}`; label 1 or 2 names the better output."""
    return records(objects(stream), _llmbar, comparison_row)


def _llmbar(data: Data) -> Iterable[Data]:
    label = data.get("label")
    if not is_whole(label) or label not in (1, 2):
        words = _("label must be 1 or 2, the better output, not %(value)s.")
        raise ValueError(words % {"value": f"{label!r:.40}"})
    yield {
        "prompt": required_text(data, "input"),
        "responses": [required_text(data, "output_1"), required_text(data, "output_2")],
        "ranks": PANDALM_RANKS[label],
        "source": "llmbar",
    }


def pandalm(stream: BinaryIO) -> Rows:
    """`{instruction, input, response1, response2, annotator1..3}`: three people, 0 is a tie; a record for each."""
    return records(objects(stream), _pandalm, comparison_row)


def _pandalm(data: Data) -> Iterable[Data]:
    shared = {
        "prompt": with_input(_text(data, "instruction"), _text(data, "input")),
        "responses": [_text(data, "response1"), _text(data, "response2")],
        "generators": _pandalm_models(data.get("cmp_key")),
        "source": "pandalm",
        "external_id": data.get("idx"),
    }
    for person in PANDALM_PEOPLE:
        choice = data.get(person)
        if not is_whole(choice) or choice not in PANDALM_RANKS:
            words = _("%(name)s must be 0 (a tie), 1 or 2, not %(value)s.")
            raise ValueError(words % {"name": person, "value": f"{choice!r:.40}"})
    for person in PANDALM_PEOPLE:
        yield {**shared, "annotator": person, "ranks": PANDALM_RANKS[data[person]]}


def _text(data: Data, name: str) -> str:
    """A text; the file as published holds a few `true` where a model wrote "True" and a spreadsheet took it over."""
    value = data.get(name)
    return str(value) if isinstance(value, bool) else required_text(data, name)


def _pandalm_models(key: object) -> list[str] | None:
    """`bloom-7b_llama-7b` names the models of response 1 and 2."""
    names = key.split("_") if isinstance(key, str) else []
    return names if len(names) == 2 and all(names) else None
