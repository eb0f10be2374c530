"""The hot path's statements: planned once a connection, and several of them one round trip and one transaction."""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, models

Values = Mapping[str, Any]
M = TypeVar("M", bound=models.Model)


class Columns(Generic[M]):
    """A model's columns in a statement of ours, and a row of them as the model's instance.

    `names`: only these; Django reads the others when somebody asks for them.
    """

    def __init__(self, model: type[M], alias: str, names: Collection[str] = ()):
        self.model = model
        fields = [field for field in model._meta.concrete_fields if not names or field.attname in names]
        self.names = [field.attname for field in fields]
        self.sql = ", ".join(f"{alias}.{field.column}" for field in fields)
        self.converters = [
            (number, field.from_db_value) for number, field in enumerate(fields) if hasattr(field, "from_db_value")
        ]

    def read(self, row: Sequence[Any]) -> M:
        values = list(row)
        for number, convert in self.converters:
            values[number] = convert(values[number], None, connection)
        return self.model.from_db(DEFAULT_DB_ALIAS, self.names, values)


def rows(*statements: tuple[str, Values]) -> list[tuple[Any, ...]]:
    """What the last of the statements answers.

    Outside of a transaction they are one of their own; each sees what was committed before it began, so that a lock
    taken by the first is held, and its wait over, when the second looks. Parameters are bound by the server: say
    their types where PostgreSQL cannot tell.
    """
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    with connection.wrap_database_errors:
        if len(statements) == 1:
            return _execute(raw, *statements[0]).fetchall()
        with raw.pipeline():
            *_, last = [_execute(raw, sql, values) for sql, values in statements]
        return last.fetchall()


def _execute(raw: psycopg.Connection[Any], sql: str, values: Values) -> psycopg.Cursor[Any]:
    # Not the connection's own cursor class: Django's binds on the client, where nothing stays prepared.
    text, names = numbered(sql)
    # Only here: psycopg would count all other statements too, and keep the last hundred of them with their values,
    # which for an import is the import.
    raw.prepare_threshold = 0
    try:
        return psycopg.RawCursor(raw).execute(text, [values[name] for name in names], prepare=True)
    finally:
        raw.prepare_threshold = None


@cache
def numbered(sql: str) -> tuple[bytes, list[str]]:
    """`%(name)s` as PostgreSQL's own $1, $2, …, and the names in that order."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", sql)))
    numbers = {name: number for number, name in enumerate(names, start=1)}
    return re.sub(r"%\((\w+)\)s", lambda found: f"${numbers[found[1]]}", sql).encode(), names
