import random
import tracemalloc
from dataclasses import replace
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from tests.reward.synthetic import make_group, make_groups
from workers.reward import data
from workers.reward.data import Group, Groups, GroupWriter


def write(path, groups):
    with GroupWriter(path) as writer:
        for group in groups:
            writer.write(group)
    return Groups(path)


def test_reads_back_what_was_written(tmp_path):
    groups = make_groups(25, random.Random(0))
    read = write(tmp_path / "groups.arrow", groups)
    assert len(read) == 25
    assert list(read) == groups
    assert read[13] == groups[13]


def test_reads_across_record_batches(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "ROWS_A_BATCH", 4)
    groups = make_groups(11, random.Random(0))
    read = write(tmp_path / "groups.arrow", groups)
    assert [read[row] for row in (10, 0, 4, 3, 8)] == [groups[row] for row in (10, 0, 4, 3, 8)]
    assert read.rows("validation").tolist() == [8]
    assert list(read.column("group_id")) == [group.group_id for group in groups]


def test_a_group_without_pairs_is_kept_but_not_trained_on(tmp_path):
    group = make_group(0, "train", random.Random(0))
    bare = replace(group, first=[], second=[], probability=[], weight=[])
    read = write(tmp_path / "groups.arrow", [bare, group])
    assert read.rows("train").tolist() == [1]
    assert read[0] == bare


def test_rows_of_an_empty_file(tmp_path):
    assert write(tmp_path / "groups.arrow", []).rows("train").tolist() == []


def test_broken_surrogate_does_not_stop_the_writer(tmp_path):
    group = replace(make_group(0, "train", random.Random(0), answers=1), responses=["a\ud800b"])
    assert write(tmp_path / "groups.arrow", [group])[0].responses == ["a?b"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"split": "dev"}, "split 'dev'"),
        ({"responses": []}, "as many answers as answer ids"),
        ({"first": [0]}, "differ in length"),
        ({"first": [0] * 6, "second": [0] * 6}, "does not name two"),
        ({"first": [4] * 6}, "does not name two"),
        ({"probability": [1.5] * 6}, "probability 1.5"),
        ({"weight": [0.0] * 6}, "weight 0.0"),
    ],
)
def test_inconsistent_group_is_refused_and_leaves_no_file(tmp_path, change, sentence):
    group = replace(make_group(0, "train", random.Random(0)), **change)
    with pytest.raises(ValueError, match=sentence), GroupWriter(tmp_path / "groups.arrow") as writer:
        writer.write(group)
    assert list(tmp_path.iterdir()) == []


def test_another_arrow_file_is_refused(tmp_path):
    table = pa.table({"a": [1]})
    with pa.OSFile(str(tmp_path / "x.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(ValueError, match="not a file of ranked groups"):
        Groups(tmp_path / "x.arrow")


def test_past_the_end(tmp_path):
    read = write(tmp_path / "groups.arrow", make_groups(3, random.Random(0)))
    with pytest.raises(IndexError, match="Row 3 of 3"):
        read[3]


def test_memory_does_not_grow_with_the_file(tmp_path):
    """40 MB of texts, 36,000 comparisons: what is held at once is a record batch, in writing and in reading."""
    answers = [f"{'word ' * 300}{k}" for k in range(4)]
    pairs = list(combinations(range(4), 2))
    sides = {"first": [i for i, _ in pairs], "second": [j for _, j in pairs]}
    ones = {"probability": [1.0] * 6, "weight": [1.0] * 6, "margin": [0.5] * 6}
    path = tmp_path / "groups.arrow"
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    try:
        with GroupWriter(path) as writer:
            for n in range(6000):
                group = Group(str(n), str(n), str(n), "train", [], list("abcd"), answers, **sides, **ones)
                writer.write(group)
        written = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        groups = Groups(path)
        rows = groups.rows("train")
        order = np.random.default_rng(0).permutation(rows)[:500]
        assert sum(len(groups[int(row)].responses) for row in order) == 2000
        read = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 36_000_000
    assert max(written, read) < 8 * 2**20, f"{written:,} and {read:,} bytes"
    assert pa.total_allocated_bytes() - before < 8 * 2**20  # what is read lies in the mapped file
