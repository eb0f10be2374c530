"""The types of rows, in words that every writer understands; `[x]` is a list of x, `{name: x}` a struct."""

from typing import Any

Type = Any  # one of the names below, [Type], or {name: Type}
Columns = dict[str, Type]

TEXT = "string"
WHOLE = "int64"
NUMBER = "double"
YES_NO = "bool"
MESSAGES = [{"role": TEXT, "content": TEXT}]


def is_flat(columns: Columns) -> bool:
    """Whether a table of plain cells can hold it."""
    return bool(columns) and all(isinstance(kind, str) for kind in columns.values())
