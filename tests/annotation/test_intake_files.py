"""Each format's reader, and the files that are found in the wild: what would break is somebody's first import."""

import csv
import gzip
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation import content
from annotation.intake import hh_rlhf, oasst, readers
from annotation.intake.formats import FORMATS, guess
from annotation.intake.lines import opened
from annotation.intake.objects import objects
from annotation.intake.rows import BadRow, ComparisonRow, PromptRow, TreeRow
from annotation.intake.tables import table

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs the real files in ../shared/data")


def jsonl(*rows: Any) -> io.BytesIO:
    return io.BytesIO(b"".join(json.dumps(row).encode() + b"\n" for row in rows))


def good(rows: Any) -> list[Any]:
    """The records, without the trees that some are made of; fails where there is a bad row."""
    rows = list(rows)
    assert [row for row in rows if isinstance(row, BadRow)] == []
    return [row[1] for row in rows if not isinstance(row[1], TreeRow)]


def reasons(rows: Any) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in rows if isinstance(row, BadRow)]


# The files as they are found


@needs_data
@pytest.mark.parametrize(
    ("file", "name", "count"),
    [
        ("oasst_en_100_tree.jsonl", "oasst", 212),
        ("hh_harmless_sample.jsonl", "hh-rlhf", 400),
        ("llmbar/LLMBar_Natural_dataset.json", "llmbar", 100),
        ("llmbar/LLMBar_Adversarial_GPTInst_dataset.json", "llmbar", 92),
        ("llmbar/LLMBar_Adversarial_GPTOut_dataset.json", "llmbar", 47),
        ("llmbar/LLMBar_Adversarial_Manual_dataset.json", "llmbar", 46),
        ("llmbar/LLMBar_Adversarial_Neighbor_dataset.json", "llmbar", 134),
        ("pandalm_testset_even.json", "pandalm", 1_500),
        ("awesome_prompts.csv", "prompts-csv", 1_119),
        ("self_instruct_seed_tasks.jsonl", "self-instruct", 175),
        ("belle_zh_seed_tasks.jsonl", "self-instruct", 175),
    ],
)
def test_a_real_file_is_recognised_and_read_whole(file: str, name: str, count: int) -> None:
    path = DATA / file
    assert guess(path) == name
    with opened(path) as stream:
        assert len(good(FORMATS[name].read(stream))) == count


@needs_data
def test_open_assistant_holds_754_strict_pairs_in_whole_conversations() -> None:
    with opened(DATA / "oasst_en_100_tree.jsonl") as stream:
        rows: list[ComparisonRow] = good(oasst.read(stream))
    pairs = sum(a < b for row in rows for a in row.ranks for b in row.ranks)
    assert pairs == 754
    assert len({row.prompt.family for row in rows}) <= 100
    assert all(row.prompt.messages[-1]["role"] == "user" for row in rows)
    assert max(len(row.prompt.messages) for row in rows) > 1


@needs_data
def test_the_long_field_comes_in_whole() -> None:
    with opened(DATA / "awesome_prompts.csv") as stream:
        rows: list[PromptRow] = good(readers.prompts_csv(stream))
    assert max(row.weight for row in rows) == 144_260


# Formats


def node(text: str, role: str = "assistant", **fields: Any) -> dict[str, Any]:
    return {"message_id": text, "role": role, "text": text, "lang": "en", "replies": [], **fields}


def test_open_assistant_leaves_out_what_was_deleted() -> None:
    replies = [node("best", rank=0), node("gone", rank=1, deleted=True), node("worst", rank=2, model_name="m")]
    tree = {"message_tree_id": "t", "prompt": node("q", "prompter", replies=replies)}
    (row,) = good(oasst.read(jsonl(tree)))
    assert [(r.text, r.generator.name) for r in row.responses] == [("best", "human"), ("worst", "m")]
    assert (row.ranks, row.prompt.family, row.prompt.language) == ((0, 1), "t", "en")


def test_open_assistant_trees_may_be_deep() -> None:
    tree = node("end", "prompter", replies=[node("a", rank=1), node("b", rank=0)])
    for depth in range(60):
        tree = node(f"{depth}", "prompter", replies=[node("answer", replies=[tree])])
    (row,) = good(oasst.read(jsonl({"message_tree_id": "t", "prompt": tree})))
    assert len(row.prompt.messages) == 121


def test_open_assistant_trees_that_can_be_written_again_are_kept_whole() -> None:
    tree = {"message_tree_id": "t", "prompt": node("hi", "prompter", labels={"quality": {"value": 0.1, "count": 3}})}
    [(line, kept)] = oasst.read(jsonl(tree))
    assert (line, kept.external_id, json.loads(kept.body)) == (1, "t", tree)
    for depth in range(130):
        tree["prompt"] = node(f"{depth}", "prompter", replies=[tree["prompt"]])
    assert list(oasst.read(jsonl(tree))) == []


def test_hh_rlhf_parts_at_the_last_answer() -> None:
    talk = "\n\nHuman: hi\n\nAssistant: hello\n\nHuman: more\n\nAssistant:"
    (row,) = good(hh_rlhf.read(jsonl({"chosen": f"{talk} yes", "rejected": f"{talk} no\n\nreally"})))
    assert [m["content"] for m in row.prompt.messages] == ["hi", "hello", "more"]
    assert [r.text for r in row.responses] == ["yes", "no\n\nreally"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"chosen": "x"}, "chosen has no turn of the assistant"),
        ({"chosen": "\n\nHuman: a\n\nAssistant: b"}, "There is no rejected"),
        ({"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: c\n\nAssistant: b"}, "not one prompt"),
        ({"chosen": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c", "rejected": ""}, "ends with the human's turn"),
    ],
)
def test_hh_rlhf_that_does_not_fit_has_a_reason(row: Any, reason: str) -> None:
    ((line, found),) = reasons(hh_rlhf.read(jsonl(row)))
    assert line == 1
    assert reason in found


def pandalm(**fields: Any) -> dict[str, Any]:
    people = {"annotator1": 1, "annotator2": 2, "annotator3": 0}
    texts = {"instruction": "Do", "input": "this", "response1": True, "response2": "no"}
    return {"idx": 4, "cmp_key": "bloom-7b_llama-7b", **texts, **people, **fields}


def test_pandalm_is_three_people() -> None:
    rows = good(readers.pandalm(io.BytesIO(json.dumps([pandalm()]).encode())))
    assert [(row.annotator, row.ranks) for row in rows] == [
        ("annotator1", (0, 1)),
        ("annotator2", (1, 0)),
        ("annotator3", (0, 0)),
    ]
    assert rows[0].prompt.messages[0]["content"] == "Do\n\nthis"
    assert [(r.text, r.generator.name) for r in rows[0].responses] == [("True", "bloom-7b"), ("no", "llama-7b")]


def test_pandalm_that_does_not_fit_has_a_reason() -> None:
    bad = reasons(readers.pandalm(jsonl(pandalm(annotator3=3), pandalm(response2=None))))
    assert bad == [
        (1, "annotator3 must be 0 (a tie), 1 or 2, not 3."),
        (2, "response2 must be text, not nothing."),
    ]


def test_llmbar_label_names_the_better_output() -> None:
    row = {"input": "q", "output_1": "a", "output_2": "b", "label": 2}
    assert good(readers.llmbar(jsonl(row)))[0].ranks == (1, 0)
    assert "label must be 1 or 2" in reasons(readers.llmbar(jsonl({**row, "label": "2"})))[0][1]


def test_our_own_rows_come_back_with_their_models() -> None:
    (row,) = good(readers.kwise(jsonl({"prompt": "q", "responses": ["a", "b"], "ranks": [1, 0], "models": ["m", "n"]})))
    assert [r.generator.name for r in row.responses] == ["m", "n"]


def test_prompts_under_their_many_names() -> None:
    rows = jsonl({"prompt": "a"}, {"instruction": "b", "input": "c"}, {"messages": [{"role": "user", "content": "d"}]})
    assert [row.messages[0]["content"] for row in good(readers.prompts(rows))] == ["a", "b\n\nc", "d"]
    assert "There is no prompt" in reasons(readers.prompts(jsonl({"promt": "a"})))[0][1]


def test_prompts_one_a_line() -> None:
    rows = good(readers.prompts_text(io.BytesIO("one\n\ntwo\u2028and a half\r\n".encode())))
    assert [row.messages[0]["content"] for row in rows] == ["one", "two\u2028and a half"]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_json_of_the_wrong_shape_is_a_bad_row_and_never_an_exception(name: str) -> None:
    odd: list[Any] = [None, 1, "x", [], {}, {"prompt": {}}, {"prompt": None, "responses": {}, "ranks": {}}]
    odd += [{key: value} for key in ("chosen", "instances", "messages", "generators") for value in (1, [], {}, None)]
    odd += [{"message_tree_id": "t", "prompt": {"text": "q", "role": "prompter", "replies": 7}}]
    rows = list(FORMATS[name].read(jsonl(*odd)))
    assert rows


# Lines, arrays and tables


def test_a_line_that_is_not_json_is_named_and_the_next_is_read() -> None:
    body = b'\xef\xbb\xbf{"a": 1}\r\n\n{"a": \n{"a": NaN}\n\xff\xfe\n[1]\n' + b"[" * 9_000 + b'\n{"a": 2}'
    rows = list(objects(io.BytesIO(body)))
    assert [row for row in rows if not isinstance(row, BadRow)] == [(1, {"a": 1}), (8, {"a": 2})]
    assert [line for line, _ in reasons(rows)] == [3, 4, 5, 6, 7]


def test_the_elements_of_an_array_keep_their_lines() -> None:
    body = b' \n[\n{"a": 1},\n\n  {"a":\n "]"}\n, 5\n]\n'
    assert list(objects(io.BytesIO(body))) == [
        (3, {"a": 1}),
        (5, {"a": "]"}),
        BadRow(7, "A row must be a JSON object, not a number."),
    ]


def test_an_array_is_read_in_pieces() -> None:
    rows = [{"n": n, "text": "é" * (n * 300)} for n in range(60)]
    read = list(objects(io.BytesIO(json.dumps(rows, ensure_ascii=False).encode())))
    assert [row[1] for row in read if not isinstance(row, BadRow)] == rows


@pytest.mark.parametrize("body", ['[{"a": 1}', '[{"a": 1} {"a": 2}]', '[{"a": 1}, {]', '[{"a": 1}] x', '[{"a": 1}, "'])
def test_a_broken_array_says_from_where_on_it_was_not_read(body: str) -> None:
    rows = list(objects(io.BytesIO(body.encode())))
    assert rows[0] == (1, {"a": 1})
    assert "not a JSON array" in reasons(rows)[-1][1]


def test_gzip_is_unpacked_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(b'{"prompt": "%d"}\n' % n for n in range(5_000)))
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    whole.write_bytes(packed)
    cut.write_bytes(packed[: len(packed) // 2])
    assert guess(whole) == "prompts-jsonl"
    with opened(whole) as stream:
        assert len(good(readers.prompts(stream))) == 5_000
    with opened(cut) as stream:
        assert "gzip data is damaged" in reasons(readers.prompts(stream))[-1][1]


def test_a_table_keeps_line_breaks_and_its_line_numbers() -> None:
    body = '\ufeffPrompt;language\r\n"one\r\n""two""";en\r\n\r\nthree;de\r\n'.encode()
    assert list(table(io.BytesIO(body))) == [
        (2, {"prompt": 'one\r\n"two"', "language": "en"}),
        (5, {"prompt": "three", "language": "de"}),
    ]


def test_a_broken_table_is_named() -> None:
    body = b'prompt,language\na\nb\xff,en\nc,en\n"d" x,en\n'
    rows = list(table(io.BytesIO(body)))
    assert [line for line, _ in reasons(rows)] == [2, 3, 5]
    assert "not CSV" in reasons(rows)[-1][1]


def test_the_limit_of_a_field_is_left_as_it_was() -> None:
    before = csv.field_size_limit()
    assert len(good(readers.prompts_csv(io.BytesIO(b"prompt\n" + b"x" * 200_000)))) == 1
    assert csv.field_size_limit() == before


@pytest.mark.parametrize("name", ["lines.jsonl", "array.json", "table.csv"])
def test_memory_stays_flat_over_twenty_thousand_rows(tmp_path: Path, name: str) -> None:
    rows = [f"Question {n} {'x' * 1_000}" for n in range(20_000)]
    lines = [json.dumps({"prompt": row}) for row in rows]
    bodies = {"lines.jsonl": "\n".join(lines), "array.json": f"[{','.join(lines)}]", "table.csv": "\n".join(rows)}
    path = tmp_path / name
    path.write_text(f"prompt\n{bodies[name]}" if name == "table.csv" else bodies[name])
    del rows, lines, bodies
    with opened(path) as stream:
        tracemalloc.start()
        count = sum(1 for row in FORMATS[guess(path) or ""].read(stream) if not isinstance(row, BadRow))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 3e6  # the file is more than 20 MB


def test_what_cannot_be_told_is_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("just some words\nand more\n")
    assert guess(path) is None


# Odd texts

ODD = st.text(st.characters(exclude_categories=()) | st.sampled_from("\0\ud800\udfff\u202e\u2028\u2029\x85\ufeff"))


@given(ODD)
def test_any_text_can_be_stored_and_stored_again(text: str) -> None:
    once = content.storable(text)
    assert "\0" not in once
    once.encode()
    assert content.storable(once) == once
    assert content.text_hash(text) == content.text_hash(once)


@given(ODD)
def test_any_text_survives_a_line_of_json(text: str) -> None:
    row = {"prompt": "q" + text, "responses": ["a" + text, "b" + text], "ranks": [0, 1]}
    (record,) = good(readers.kwise(jsonl(row)))
    assert record.prompt.messages[0]["content"] == content.storable("q" + text)
    assert record.responses[1].text == content.storable("b" + text)
