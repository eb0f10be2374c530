"""Model text is hostile: whatever it holds, a file has one record a line and gives back what went in."""

import json
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.formats import FORMATS, Options
from exports.writers import JsonLines, line
from tests.exports.examples import answer, record

# What PostgreSQL can hold: intake takes NUL and lone surrogates out.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
breaks = st.text(st.sampled_from('\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029a"\\'), min_size=1)


@given(texts | breaks)
def test_a_row_is_one_line_by_anybodys_count(text: str) -> None:
    encoded = line({"text": text})
    assert json.loads(encoded) == orjson.loads(encoded) == {"text": text}
    assert encoded.decode().splitlines(keepends=True) == [encoded.decode()]


@given(texts | breaks, texts | breaks)
def test_what_goes_in_comes_out_of_each_format(chosen: str, rejected: str) -> None:
    one = record(responses=[answer("a", chosen), answer("b", rejected), answer("c", "middle")])
    for name in ("kwise", "raw", "trl-preference"):
        for row in FORMATS[name](one, Options()):
            back = json.loads(line(row))
            assert back == row
    [pair, *_] = FORMATS["trl-preference"](one, Options())
    assert (pair["chosen"][0]["content"], pair["rejected"][0]["content"]) == (chosen, rejected)


@pytest.mark.parametrize("name", FORMATS)
def test_datasets_loads_each_format(name: str, tmp_path: Path) -> None:
    from datasets import load_dataset

    rows = [*FORMATS[name](record(), Options())] * 3
    with JsonLines(tmp_path / "train.jsonl") as file:
        for row in rows:
            file.write(row)
    loaded = load_dataset(
        "json", data_files=str(tmp_path / "train.jsonl"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert loaded.to_list() == rows
