"""CSV with a header line → one dict a row, streamed; fields may hold line breaks and be as long as a text may be."""

import csv
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from annotation.content import MAX_TEXT_BYTES
from annotation.intake.lines import MAX_RECORD, Numbered, Readable, cut_off, until_damaged
from annotation.intake.rows import BadRow

DELIMITERS = ",;\t"
_LIMIT = threading.Lock()


def table(stream: Readable) -> Numbered[dict[str, str]]:
    """Rows as `{column: text}` with the line they start on; column names in lower case.

    UTF-8 with or without a byte order mark, lines that end in LF or CRLF; the delimiter is
    the one that the header has most of.
    """
    return until_damaged(_table(stream))


def _table(stream: Readable) -> Numbered[dict[str, str]]:
    text = _text(stream)
    header = next(text, "").removeprefix("\ufeff")
    delimiter = max(DELIMITERS, key=header.count)
    columns = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    line = 2
    try:
        while (fields := _next(reader)) is not None:
            if fields:
                yield _row(line, columns, fields)
            line = reader.line_num + 2
    except csv.Error as error:
        # After a broken quote there is no telling where the next row starts.
        yield BadRow(line, cut_off(_("The row is not CSV: %(error)s. Check the quotes.") % {"error": error}))


def _text(stream: Readable) -> Iterator[str]:
    """The lines with their ends; bytes that are not UTF-8 become lone surrogates, which `_row` looks for."""
    while line := stream.readline(MAX_RECORD):
        yield line.decode(errors="surrogateescape")


def _next(reader: Iterator[list[str]]) -> list[str] | None:
    with _long_fields():
        return next(reader, None)


@contextmanager
def _long_fields() -> Iterator[None]:
    """Python's limit of 131,072 characters a field is one setting for the whole process: lift it for one row."""
    with _LIMIT:
        before = csv.field_size_limit(MAX_TEXT_BYTES)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _row(line: int, columns: list[str], fields: list[str]) -> tuple[int, dict[str, str]] | BadRow:
    if len(fields) != len(columns):
        words = _("The row has %(found)d fields, the header has %(expected)d: check the quotes.")
        return BadRow(line, words % {"found": len(fields), "expected": len(columns)})
    if any("\udc80" <= character <= "\udcff" for field in fields if not field.isascii() for character in field):
        return BadRow(line, _("The row is not UTF-8: save the file as UTF-8."))
    return line, dict(zip(columns, fields, strict=True))
