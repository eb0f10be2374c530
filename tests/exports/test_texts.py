"""Model text is hostile: whatever it holds, a file has one record a line and gives back what went in."""

import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from exports import guarded_csv
from exports.disk import Background
from exports.formats import FORMATS, Options
from exports.kinds import FILES
from exports.lines import has_breaks, line
from exports.query import Query
from exports.record import Record
from exports.tables import Table, kinds_of
from tests.exports.examples import OPTIONS, answer, example, record

# What PostgreSQL can hold: intake takes NUL and lone surrogates out.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
breaks = st.text(st.sampled_from('\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029a"\\'), min_size=1)
nasty = st.sampled_from(
    ["\x01", "\x1f", "\x7f", "\u202e\u2066שלום", "👩‍👩‍👧", "\ufeff", "\ufffe", "=1+1", "'=x", "\t@", "-", "\U0010ffff"]
)
hostile = texts | breaks | nasty


@given(hostile)
def test_a_row_is_one_line_by_anybodys_count(text: str) -> None:
    encoded = line({"text": text})
    assert json.loads(encoded) == orjson.loads(encoded) == {"text": text}
    assert encoded.decode().splitlines(keepends=True) == [encoded.decode()]


@given(hostile)
def test_what_may_break_a_line_is_known(text: str) -> None:
    assert has_breaks(text) == (orjson.dumps(text) + b"\n" != line(text)) == any(c in text for c in "\x85\u2028\u2029")


@given(hostile)
def test_prepared_json_is_the_same_as_plain_values(text: str) -> None:
    one = record(messages=[{"role": "user", "content": text}], responses=answers(text))
    for name in FORMATS:
        for asked in (Options(), Options(text=True)):
            plain = Options(text=asked.text, plain=True)
            fast, slow = FORMATS[name].rows(one, asked), FORMATS[name].rows(one, plain)
            assert [*map(line, fast)] == [*map(line, slow)], name


def answers(text: str) -> list[Any]:
    return [answer("a", text), answer("b", f"{text}b"), answer("c", f"c{text}")]


def written(name: str, one: Record, kind: str, folder: Path, *, text: bool = False) -> Path:
    """The record in the format as a file of that kind; where this kind cannot hold it, as the format's own."""
    query = Query(formats=(name,), files=(kind,), text=text)
    options = Options(text=text, harms=OPTIONS.harms, severities=OPTIONS.severities)
    with Background(1) as background, Table(name, "train", folder, query, options, background) as table:
        table.add(one)
        [file, *_] = table.finish()
    return folder / file


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file, by a reader of its kind that is not ours."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".csv":
        head, *rows = guarded_csv.read(path.read_bytes().decode())
        return [dict(zip(head, row, strict=True)) for row in rows]
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    if path.suffix == ".zst":
        content = zstandard.ZstdDecompressor().decompressobj().decompress(content)
    return json.loads(content) if path.suffix == ".json" else [json.loads(one) for one in content.splitlines()]


@settings(max_examples=15)
@given(hostile, hostile)
@pytest.mark.parametrize("name", FORMATS)
def test_what_goes_in_comes_out_of_each_format_in_each_kind_of_file(name: str, prompt: str, text: str) -> None:
    one = example(name)
    one.messages = [{"role": "user", "content": prompt}]
    if name != "stepwise":
        one.responses = answers(text)
    expected = [*FORMATS[name].rows(one, Options(plain=True, harms=OPTIONS.harms, severities=OPTIONS.severities))]
    flat = [*FORMATS[name].rows(one, Options(plain=True, text=True, harms=OPTIONS.harms))]
    with TemporaryDirectory() as folder:
        for kind in FILES:
            in_text = kind == "csv"
            path = written(name, one, kind, Path(folder) / kind, text=in_text)
            found = read(path)
            if path.suffix == ".csv":
                assert found == [{key: as_cell(value) for key, value in row.items()} for row in flat]
            else:
                assert found == (flat if in_text else expected)


def as_cell(value: Any) -> str:
    """A value as a table shows it."""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


@given(st.lists(st.lists(hostile, min_size=2, max_size=2), min_size=1))
def test_no_cell_of_a_table_is_a_formula(rows: list[list[str]]) -> None:
    import csv
    import io

    table = guarded_csv.table(rows).decode()
    for row in csv.reader(io.StringIO(table, newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row)
    assert list(guarded_csv.read(table)) == rows


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_datasets_loads_each_format(name: str, kind: str, tmp_path: Path) -> None:
    from datasets import load_dataset

    if not FORMATS[name].columns(OPTIONS):
        return  # trees, which no table holds
    one = example(name)
    path = written(name, one, kind, tmp_path)
    builder = {".csv": "csv", ".parquet": "parquet"}.get(path.suffix, "json")
    cache = str(tmp_path / "cache")
    loaded = load_dataset(builder, data_files=str(path), split="train", cache_dir=cache)
    assert loaded.to_list() == [
        *FORMATS[name].rows(one, Options(plain=True, harms=OPTIONS.harms, severities=OPTIONS.severities))
    ]


def test_each_kind_of_file_where_a_format_can_have_it() -> None:
    flat = Query(files=("csv", "parquet"))
    assert kinds_of("hh-rlhf", flat, Options()) == ["csv", "parquet"]
    assert kinds_of("kwise", flat, Options()) == ["parquet"]
    assert kinds_of("oasst", flat, Options()) == ["jsonl"]
    assert kinds_of("alpaca", Query(), Options()) == ["json", "jsonl"]
