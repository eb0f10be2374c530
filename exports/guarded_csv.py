"""CSV that a spreadsheet cannot be made to execute.

A cell that begins with a sign that starts a formula gets an apostrophe before it, as does one that begins with
apostrophes and then such a sign: so the apostrophe can be taken away again without doubt.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_GUARDED = re.compile(r"'+[=+\-@\t\r\n]")


def table(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as CSV (RFC 4180: CRLF, quotes where needed)."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def read(text: str) -> Iterator[list[str]]:
    """The rows of such a table as they were before they were guarded."""
    for row in csv.reader(io.StringIO(text, newline="")):
        yield [cell[1:] if _GUARDED.match(cell) else cell for cell in row]


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
