"""A snapshot's folder in the hands of who trains: `datasets` by its card, Parquet by row groups, TRL's own checks."""

from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, get_dataset_config_names, load_dataset
from trl.data_utils import is_conversational, maybe_extract_prompt, maybe_unpair_preference_dataset

from exports import tables
from exports.formats import FORMATS
from exports.kinds import FILES
from exports.models import Snapshot
from tests.exports.test_snapshot import fill, frozen

pytestmark = pytest.mark.django_db(transaction=True)
QUERY = {"fractions": [1, 0, 0], "files": list(FILES)}


def rows(snapshot: Snapshot, name: str) -> list[dict[str, Any]]:
    lines = (snapshot.folder / name / "train.jsonl").read_bytes().splitlines()
    return [orjson.loads(line) for line in lines]


@pytest.mark.parametrize("text", [False, True])
def test_a_folder_with_every_format_in_every_kind_of_file(text: bool, tmp_path: Path) -> None:
    """Each row comes once, whichever of its files a reader takes, and formats without rows are not offered."""
    snapshot = frozen(fill("chat", range(4)), {**QUERY, "formats": sorted(FORMATS), "text": text})
    folder = str(snapshot.folder)
    names = get_dataset_config_names(folder)
    empty = {name for name in FORMATS if not snapshot.manifest["columns"][name] or not rows(snapshot, name)}
    assert sorted(names) == sorted(FORMATS.keys() - empty)
    assert empty <= {"oasst", "safe-rlhf", "stepwise"}
    for name in names:
        loaded = load_dataset(folder, name, cache_dir=str(tmp_path))
        assert {split: part.to_list() for split, part in loaded.items()} == {"train": rows(snapshot, name)}, name


def test_row_groups_are_as_large_as_asked_and_hold_every_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "ROW_GROUP", 2_000)
    monkeypatch.setattr(tables, "BLOCK", 500)
    snapshot = frozen(fill("chat", range(12)), {**QUERY, "formats": ["trl-preference"], "files": ["parquet", "jsonl"]})
    file = pq.ParquetFile(snapshot.folder / "trl-preference" / "train.parquet")
    assert file.num_row_groups > 3
    groups = [file.read_row_group(number).to_pylist() for number in range(file.num_row_groups)]
    assert [row for group in groups for row in group] == rows(snapshot, "trl-preference")
    sizes = [sum(len(orjson.dumps(row)) + 1 for row in group) for group in groups[:-1]]
    assert all(2_000 <= size < 2_000 + 2 * 500 + 1_000 for size in sizes)


def test_trl_knows_what_each_format_is() -> None:
    formats = ["trl-preference", "trl-preference-implicit", "sft", "sft-messages", "kto", "prompts"]
    snapshot = frozen(fill("chat", range(3)), {**QUERY, "formats": formats, "files": ["jsonl"]})
    found = {name: rows(snapshot, name) for name in formats}
    assert all(is_conversational(many[0]) for many in found.values())
    implicit = [maybe_extract_prompt(row) for row in found["trl-preference-implicit"]]
    assert [[row[key] for key in ("prompt", "chosen", "rejected")] for row in implicit] == [
        [row[key] for key in ("prompt", "chosen", "rejected")] for row in found["trl-preference"]
    ]
    columns = ["prompt", "chosen", "rejected"]
    unpaired = maybe_unpair_preference_dataset(Dataset.from_list(found["trl-preference"]).select_columns(columns))
    assert {"prompt", "completion", "label"} == set(unpaired.column_names) <= set(found["kto"][0])
