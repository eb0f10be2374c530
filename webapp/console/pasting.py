"""What a manager pastes or uploads → numbered rows for the intake."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice
from pathlib import PurePath
from typing import Any, BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile

from annotation.intake import readers
from annotation.intake.checking import prompt_row
from annotation.intake.rows import BadRow, PromptRow
from annotation.models import Project
from annotation.nearness import Near, near

# By the name's ending, because both CSV and JSON can begin with anything.
READERS = {
    ".csv": readers.prompts_csv,
    ".tsv": readers.prompts_csv,
    ".json": readers.prompts,
    ".jsonl": readers.prompts,
    ".ndjson": readers.prompts,
    ".txt": readers.prompts_text,
}
CHECKED = 200  # pasted prompts that are compared with what is there: each is a look-up of its own
Numbered = Iterator[tuple[int, PromptRow] | BadRow]


def pasted(text: str, *, by_line: bool) -> Numbered:
    """Prompts one a line, or separated by blank lines, each with the number of its first line."""
    lines = list(enumerate(text.splitlines(), start=1))
    found = [[line] for line in lines if line[1].strip()] if by_line else _blocks(lines)
    rows = ((block[0][0], {"prompt": "\n".join(line for _number, line in block).strip()}) for block in found)
    return cast(Numbered, readers.records(rows, readers.as_found, prompt_row))


def _blocks(lines: list[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    return [list(block) for filled, block in groupby(lines, lambda line: bool(line[1].strip())) if filled]


def uploaded(file: "UploadedFile[Any]") -> Numbered:
    """The file's prompts by the reader that its name's ending asks for. Raises `KeyError` for any other ending."""
    read = READERS[PurePath(file.name or "").suffix.lower()]
    return cast(Numbered, read(cast(BinaryIO, file.file)))


def labelled(rows: Iterable[tuple[int, PromptRow] | BadRow], *, language: str, category: str) -> Numbered:
    """The rows with these labels where they bring none of their own."""
    for item in rows:
        if isinstance(item, BadRow):
            yield item
            continue
        line, row = item
        yield line, replace(row, language=row.language or language, category=row.category or category)


@dataclass(frozen=True)
class NearRow:
    """A pasted prompt and those that are much like it."""

    line: int
    text: str
    near: list[Near]


def near_copies(project: Project, rows: Numbered) -> list[NearRow]:
    """Those of the first `CHECKED` rows that are nearly a prompt of the project.

    Not those that are there word for word: they are not taken twice anyway.
    """
    found = []
    for item in islice(rows, CHECKED):
        if isinstance(item, BadRow):
            continue
        line, row = item
        alike = near(project=project, messages=row.messages)
        if alike and all(each.prompt.content_hash != row.content_hash for each in alike):
            found.append(NearRow(line, row.messages[-1]["content"], alike))
    return found
