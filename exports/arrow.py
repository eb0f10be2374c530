"""Rows → Arrow tables: the types of columns, and columns built buffer by buffer.

`pa.array` would do it one value at a time, at a quarter of the speed, and import pandas where there is one. Here each
different value is read once and copied to where it stands: pairs of one ranking share their texts.
"""

from array import array
from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np
import pyarrow as pa

from exports.formats.columns import Columns, Type
from exports.formats.options import Row

SCALARS = {"string": pa.string(), "int64": pa.int64(), "double": pa.float64(), "bool": pa.bool_()}
CODES = {pa.int64(): "q", pa.float64(): "d"}  # of Python's `array`, which refuses what is no such number


def arrow_type(kind: Type) -> pa.DataType:
    if isinstance(kind, list):
        return pa.list_(arrow_type(kind[0]))
    if isinstance(kind, dict):
        return pa.struct([pa.field(name, arrow_type(one)) for name, one in kind.items()])
    return SCALARS[kind]


def schema_of(columns: Columns) -> pa.Schema:
    return pa.schema([pa.field(name, arrow_type(kind)) for name, kind in columns.items()])


def table_of(rows: Sequence[Row], schema: pa.Schema) -> pa.Table:
    """Rows as a table of just these columns. Raises `TypeError`, `AttributeError` or `ValueError` for a wrong value.

    Columns of one type share their values too: what one pair chooses, another one of its group rejects.
    """
    together: dict[pa.DataType, list[str]] = {}
    for field in schema:
        together.setdefault(field.type, []).append(field.name)
    made = {name: column for kind, names in together.items() for name, column in _columns(rows, names, kind)}
    return pa.table([made[name] for name in schema.names], schema=schema)


def _columns(rows: Sequence[Row], names: list[str], kind: pa.DataType) -> list[tuple[str, pa.Array]]:
    """Columns of one type. Rows hold on to their values, so that an `id` stays one value's."""
    held = {name: [row[name] for row in rows] for name in names}
    values = {id(value): value for column in held.values() for value in column}
    place = dict(zip(values, count(), strict=False))
    found = array_of(list(values.values()), kind)
    return [(name, found.take(_places(array("i", [place[id(value)] for value in held[name]])))) for name in names]


def array_of(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Plain values, None where there is none."""
    missing = values.count(None)
    valid = _bits([value is not None for value in values]) if missing else None
    buffers, children = _parts(values, kind)
    return pa.Array.from_buffers(kind, len(values), [valid, *buffers], null_count=missing, children=children)


def _parts(values: Sequence[Any], kind: pa.DataType) -> tuple[list[pa.Buffer], list[pa.Array] | None]:
    """An array's buffers behind the one that says what is there, and the arrays within it: see Arrow's columnar
    format."""
    if pa.types.is_string(kind):
        texts = [b"" if value is None else value.encode() for value in values]
        return [_offsets(texts), pa.py_buffer(b"".join(texts))], None
    if pa.types.is_list(kind):
        lists = [() if value is None else value for value in values]
        return [_offsets(lists)], [array_of([one for several in lists for one in several], kind.value_type)]
    if pa.types.is_struct(kind):
        return [], [array_of(part, field.type) for field, part in zip(kind, _fields(values, kind), strict=True)]
    if pa.types.is_boolean(kind):
        return [_bits([_boolean(value) for value in values])], None
    return [pa.py_buffer(array(CODES[kind], [0 if value is None else value for value in values]))], None


def _fields(values: Sequence[Any], kind: pa.StructType) -> list[list[Any]]:
    for value in values:
        if value is not None and len(value) != kind.num_fields:
            raise ValueError(f"{sorted(value)} are not the fields of {kind}.")
    return [[value and value[field.name] for value in values] for field in kind]


def _boolean(value: Any) -> bool:
    if not (value is None or isinstance(value, bool)):
        raise TypeError(f"{value!r:.80} is neither true nor false.")
    return bool(value)


def _offsets(values: Sequence[Any]) -> pa.Buffer:
    """Where each of the values begins, and at last where they end."""
    ends = np.zeros(len(values) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, values), np.int32, len(values)), out=ends[1:])
    return pa.py_buffer(ends)


def _bits(flags: list[bool]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.array(flags, np.bool_), bitorder="little"))


def _places(numbers: "array[int]") -> pa.Array:
    return pa.Array.from_buffers(pa.int32(), len(numbers), [None, pa.py_buffer(numbers)])
