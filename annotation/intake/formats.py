"""The formats of files that can be imported, and how a file's own content tells which one it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Literal

from annotation.intake import hh_rlhf, oasst, readers
from annotation.intake.lines import opened
from annotation.intake.objects import objects
from annotation.intake.rows import BadRow, Rows
from annotation.intake.tables import table

LOOKS = 20  # rows that are looked at before giving up


@dataclass(frozen=True)
class Format:
    """How to read it, and what its records are."""

    read: Callable[[BinaryIO], Rows]
    kind: Literal["prompts", "samples", "comparisons"]


FORMATS = {
    "oasst": Format(oasst.read, "comparisons"),
    "hh-rlhf": Format(hh_rlhf.read, "comparisons"),
    "llmbar": Format(readers.llmbar, "comparisons"),
    "pandalm": Format(readers.pandalm, "comparisons"),
    "kwise": Format(readers.kwise, "comparisons"),
    "samples-jsonl": Format(readers.samples, "samples"),
    "self-instruct": Format(readers.seed_tasks, "prompts"),
    "prompts-jsonl": Format(readers.prompts, "prompts"),
    "prompts-csv": Format(readers.prompts_csv, "prompts"),
    "prompts-text": Format(readers.prompts_text, "prompts"),
}

# The fields that give a format away, the most telling first.
SIGNS: list[tuple[str, set[str]]] = [
    ("oasst", {"message_tree_id", "prompt"}),
    ("hh-rlhf", {"chosen", "rejected"}),
    ("llmbar", {"input", "output_1", "output_2", "label"}),
    ("pandalm", {"instruction", "response1", "response2", "annotator1"}),
    ("kwise", {"responses", "ranks"}),
    ("samples-jsonl", {"text", "generator"}),
    ("self-instruct", {"instruction", "instances"}),
]


def guess(path: Path) -> str | None:
    """The format's name by the file's content; None where it cannot be told."""
    with opened(path) as stream:
        for item in islice(objects(stream), LOOKS):
            if not isinstance(item, BadRow):
                return of_object(item[1])
    with opened(path) as stream:
        first = next(table(stream), None)
    readable = first is not None and not isinstance(first, BadRow) and _has_prompt(first[1])
    return "prompts-csv" if readable else None


def of_object(data: Mapping[str, Any]) -> str | None:
    """The format whose rows look like this one."""
    for name, fields in SIGNS:
        if fields <= data.keys():
            return name
    return "prompts-jsonl" if _has_prompt(data) else None


def _has_prompt(data: Mapping[str, Any]) -> bool:
    return "messages" in data or any(name in data for name in readers.PROMPT_COLUMNS)
