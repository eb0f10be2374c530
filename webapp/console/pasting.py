"""What a manager pastes or uploads → numbered rows for the intake."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import PurePath
from typing import Any, BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile

from annotation.intake import readers
from annotation.intake.checking import prompt_row
from annotation.intake.rows import BadRow, PromptRow

# By the name's ending, because both CSV and JSON can begin with anything.
READERS = {
    ".csv": readers.prompts_csv,
    ".tsv": readers.prompts_csv,
    ".json": readers.prompts,
    ".jsonl": readers.prompts,
    ".ndjson": readers.prompts,
    ".txt": readers.prompts_text,
}
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
