"""Columns that are built buffer by buffer hold what the rows held; what does not fit is refused, not bent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.arrow import array_of, arrow_type, schema_of, table_of
from exports.formats.columns import MESSAGES, NUMBER, TEXT, WHOLE, YES_NO

texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]))
wholes = st.none() | st.integers(-(2**63), 2**63 - 1)
structs = st.none() | st.fixed_dictionaries({"name": texts, "ranks": st.none() | st.lists(wholes)})
COLUMNS = {"one": [{"name": TEXT, "ranks": [WHOLE]}], "two": [{"name": TEXT, "ranks": [WHOLE]}], "three": YES_NO,
           "four": NUMBER, "five": TEXT}  # fmt: skip


@given(st.lists(st.tuples(st.none() | st.lists(structs), st.none() | st.booleans(), texts), min_size=1, max_size=9))
def test_what_goes_in_comes_out(given: list[tuple[Any, ...]]) -> None:
    rows = [
        {"one": one, "two": given[0][0], "three": three, "four": three and 0.5, "five": five}
        for one, three, five in given
    ]
    table = table_of(rows, schema_of(COLUMNS))
    table.validate(full=True)
    assert table.to_pylist() == rows


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
        (MESSAGES, [{"role": "user"}]),
        (MESSAGES, [{"role": "user", "text": "Hi"}]),
    ],
)
def test_what_the_column_cannot_hold_is_refused(kind: Any, value: Any) -> None:
    with pytest.raises((TypeError, AttributeError, ValueError, KeyError, OverflowError)):
        array_of([None, value], arrow_type(kind))
