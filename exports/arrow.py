"""Rows → Arrow tables.

Each different value is read once, from its JSON, which most rows hold ready made, and copied to where it stands: pairs
of one ranking share their texts. Not with `pa.array`, which would import pandas where there is one.
"""

from array import array
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.json as pj

from exports.formats.columns import Columns, Type
from exports.formats.options import Row

SCALARS = {"string": pa.string(), "int64": pa.int64(), "double": pa.float64(), "bool": pa.bool_()}
PARSED_AT_ONCE = 1 << 20  # bytes


def arrow_type(kind: Type) -> pa.DataType:
    if isinstance(kind, list):
        return pa.list_(arrow_type(kind[0]))
    if isinstance(kind, dict):
        return pa.struct([pa.field(name, arrow_type(one)) for name, one in kind.items()])
    return SCALARS[kind]


def schema_of(columns: Columns) -> pa.Schema:
    return pa.schema([pa.field(name, arrow_type(kind)) for name, kind in columns.items()])


def table_of(rows: Sequence[Row], schema: pa.Schema) -> pa.Table:
    """Rows as a table of just these columns. Raises `pa.ArrowInvalid` where a value is not of its column's type.

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
    found = _parsed(values.values(), kind)
    return [(name, found.take(_places(array("i", [place[id(value)] for value in held[name]])))) for name in names]


def _parsed(values: Iterable[Any], kind: pa.DataType) -> pa.Array:
    lines = [b'{"v":%b}\n' % orjson.dumps(value) for value in values]
    table = pj.read_json(
        pa.BufferReader(b"".join(lines)),
        read_options=pj.ReadOptions(use_threads=False, block_size=max(PARSED_AT_ONCE, *map(len, lines))),
        parse_options=pj.ParseOptions(explicit_schema=pa.schema([("v", kind)]), unexpected_field_behavior="error"),
    )
    return table.column(0).combine_chunks()


def _places(numbers: "array[int]") -> pa.Array:
    return pa.Array.from_buffers(pa.int32(), len(numbers), [None, pa.py_buffer(numbers)])
