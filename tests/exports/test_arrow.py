"""Columns hold what the rows held, shared or not; what does not fit is refused, not bent."""

from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.arrow import schema_of, table_of
from exports.formats.columns import MESSAGES, NUMBER, TEXT, WHOLE, YES_NO

texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]))
wholes = st.none() | st.integers(-(2**63), 2**63 - 1)
structs = st.none() | st.fixed_dictionaries({"name": texts, "ranks": st.none() | st.lists(wholes)})
COLUMNS = {"one": [{"name": TEXT, "ranks": [WHOLE]}], "two": [{"name": TEXT, "ranks": [WHOLE]}], "three": YES_NO,
           "four": NUMBER, "five": TEXT}  # fmt: skip


@given(st.lists(st.tuples(st.none() | st.lists(structs), st.none() | st.booleans(), texts), min_size=1, max_size=9))
def test_what_goes_in_comes_out(given: list[tuple[Any, ...]]) -> None:
    rows = [
        {"one": one, "two": given[0][0], "three": three, "four": 0.5 if three else None, "five": five}
        for one, three, five in given
    ]
    table = table_of(rows, schema_of(COLUMNS))
    table.validate(full=True)
    assert table.to_pylist() == rows


def test_prepared_json_is_read_back() -> None:
    shared = orjson.Fragment(b'[{"name":"\xc3\xa9 \\n","ranks":[1,null]}]')
    row = {"one": shared, "two": None, "three": None, "four": 1, "five": orjson.Fragment(b'"x"')}
    value = [{"name": "é \n", "ranks": [1, None]}]
    found = table_of([row, {**row, "two": shared}], schema_of(COLUMNS)).to_pylist()
    assert [(one["one"], one["two"], one["five"]) for one in found] == [(value, None, "x"), (value, value, "x")]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (TEXT, 5),
        (WHOLE, 1.5),
        (WHOLE, "5"),
        (WHOLE, 2**63),
        (NUMBER, "5"),
        (YES_NO, 1),
        (MESSAGES, [{"role": "user", "content": "Hi", "name": "more than the column holds"}]),
        (MESSAGES, [{"role": "user", "text": "Hi"}]),
    ],
)
def test_what_the_column_cannot_hold_is_refused(kind: Any, value: Any) -> None:
    with pytest.raises(pa.ArrowInvalid):
        table_of([{"it": None}, {"it": value}], schema_of({"it": kind}))
