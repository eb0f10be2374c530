"""Promise 6: a snapshot never changes, and the same query on the same data is the same bytes anywhere."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from annotation.intake import oasst
from annotation.intake.taking import take_comparisons
from annotation.models import Project
from annotation.splitting import SPLITS
from exports.models import Snapshot
from exports.plan import plan
from exports.query import read
from exports.reading import Damaged, NoSuchFile, open_file, verify
from exports.records import consistent_view, records
from exports.snapshot import freeze
from tests.exports.building import judge, project, task
from workers.models import Job

# A freeze reads through a connection of its own, which sees only what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


def frozen(project: Project, query: object = None, job: Job | None = None) -> Snapshot:
    job = job or Job.objects.create(kind=Job.Kind.SNAPSHOT, queue="export", project=project)
    return freeze(job_id=job.pk, project=project, by=None, query=query or {})


def rows(snapshot: Snapshot, name: str, *splits: str) -> list[dict[str, Any]]:
    paths = [open_file(snapshot, name, split) for split in splits or SPLITS]
    return [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]


def fill(slug: str, numbers: Iterator[int] | range) -> Project:
    """Prompts in families of two, four answers each, judged by one or two people."""
    chat = project(slug)
    for n in numbers:
        work = task(chat, f"Prompt {n}", [f"{n} {letter}" for letter in "abcd"], family=f"tree-{n // 2}")
        judge(work, "ann", [0, 1, 1, 2], strength=1 + n % 4, seconds=n / 7, ratings={str(work.sample_ids[0]): {"a": 1}})
        if n % 3 == 0:
            judge(work, "bob", [3, 2, 1, 0])
    return chat


def test_it_works() -> None:
    snapshot = frozen(fill("chat", range(30)))
    assert snapshot.manifest["counts"] == {"prompts": 30, "groups": 30, "judgements": 40, "people": 2}
    assert len(rows(snapshot, "kwise")) == 30
    # Ann's order holds five strict pairs, Bob's six.
    assert len(rows(snapshot, "trl-preference")) == 30 * 5 + 10 * 6
    assert len(rows(snapshot, "trl-preference", "train")) > len(rows(snapshot, "trl-preference", "test"))
    assert sorted(path.name for path in snapshot.folder.parent.iterdir()) == [snapshot.folder.name]
    verify(snapshot)


def test_the_manifest_says_what_lies_there() -> None:
    snapshot = frozen(fill("chat", range(20)))
    assert json.loads((snapshot.folder / "manifest.json").read_bytes()) == snapshot.manifest
    for name, facts in snapshot.manifest["files"].items():
        content = (snapshot.folder / name).read_bytes()
        assert (facts["bytes"], facts["rows"]) == (len(content), content.count(b"\n"))
        assert facts["sha256"] == hashlib.sha256(content).hexdigest()


def test_the_same_data_elsewhere_are_the_same_bytes() -> None:
    fill("noise", range(3))
    one, two = frozen(fill("one", range(20))), frozen(fill("two", reversed(range(20))))
    assert one.sha256 == two.sha256
    assert one.manifest["files"] == two.manifest["files"]
    assert one.sha256 != frozen(one.project, {"seed": 1}).sha256


def test_real_data_imported_twice_are_the_same_bytes(oasst_file: Path) -> None:
    def imported(slug: str) -> Snapshot:
        chat = project(slug)
        with oasst_file.open("rb") as file:
            taken = take_comparisons(project=chat, rows=oasst.read(file), by=chat.created_by)
        assert (taken.created, taken.errors) == (212, [])
        return frozen(chat)

    one, two = imported("one"), imported("a-longer-name")
    assert one.sha256 == two.sha256
    assert sum(facts["rows"] for name, facts in one.manifest["files"].items() if name.startswith("trl-")) == 754
    assert len(rows(one, "kwise")) == 212


def test_no_family_is_on_two_sides() -> None:
    snapshot = frozen(fill("chat", range(40)), {"fractions": [0.4, 0.3, 0.3], "formats": ["kwise"]})
    families = [{row["family"] for row in rows(snapshot, "kwise", split)} for split in SPLITS]
    assert sum(map(len, families)) == 20
    assert len(set.union(*families)) == 20


def test_a_prompt_keeps_its_side_as_the_data_grow() -> None:
    def sides(snapshot: Snapshot) -> dict[str, str]:
        return {row["prompt_id"]: split for split in SPLITS for row in rows(snapshot, "kwise", split)}

    before = sides(frozen(fill("one", range(15))))
    after = sides(frozen(fill("two", range(30))))
    assert {prompt: after[prompt] for prompt in before} == before


def test_later_judgements_change_nothing_that_is_frozen() -> None:
    chat = fill("chat", range(10))
    snapshot = frozen(chat)
    again = frozen(chat, job=snapshot.job)
    judge(task(chat, "Another", ["a", "b"]), "ann", [0, 1])
    verify(snapshot)
    assert (again.pk, again.sha256) == (snapshot.pk, snapshot.sha256)
    assert frozen(chat).sha256 != snapshot.sha256


def test_only_current_judgements_and_all_bad_is_kept_as_a_fact() -> None:
    chat = project()
    work = task(chat, "Hi", ["a", "b"])
    judge(work, "ann", [0, 1])
    judge(work, "ann", [1, 0])
    judge(work, "bob", [None, None], all_bad=True)
    [row] = rows(frozen(chat), "kwise")
    assert dict(zip(row["responses"], row["ranks"], strict=True)) == {"a": 1, "b": 0}
    assert sorted(judgement["all_bad"] for judgement in row["judgements"]) == [False, True]


def test_what_the_query_asks_for() -> None:
    chat = project()
    judge(task(chat, "Hi", ["a", "b"], language="en", category="chat"), "ann", [0, 1])
    judge(task(chat, "你好", ["甲", "乙"], language="zh", category="chat"), "ann", [0, 1])
    judge(task(chat, "Code", ["x", "y"], language="en", category="code"), "ann", [0, 1])

    def prompts(**query: object) -> list[str]:
        found = rows(frozen(chat, {"formats": ["kwise"], **query}), "kwise")
        return sorted(row["prompt"][0]["content"] for row in found)

    assert prompts(languages=["zh"]) == ["你好"]
    assert prompts(languages=["en"], categories=["code"]) == ["Code"]
    assert prompts(until="2020-01-01") == prompts(criterion="harmlessness") == []
    assert len(prompts(since="2020-01-01")) == 3


def test_people_are_pseudonyms_and_comments_stay_out() -> None:
    chat = project("secret-project")
    judge(task(chat, "Hi", ["a", "b"]), "ann-marie", [0, 1], comment="my cat says so")
    snapshot = frozen(chat, {"formats": ["kwise", "raw", "trl-preference"]})
    content = b"".join(path.read_bytes() for path in snapshot.folder.rglob("*") if path.is_file())
    assert b'"annotator":"p1"' in content
    assert b"ann-marie" not in content
    assert b"my cat" not in content
    assert chat.slug.encode() not in content


def test_empty_splits_are_files_and_said_aloud() -> None:
    chat = project()
    judge(task(chat, "Hi", ["a", "b"]), "ann", [0, 1])
    snapshot = frozen(chat)
    assert [open_file(snapshot, "kwise", split).stat().st_size > 0 for split in SPLITS].count(True) == 1
    assert len(snapshot.manifest["notes"]) == 2
    nothing = frozen(chat, {"until": "2020-01-01"})
    assert nothing.manifest["notes"] == ["No judgement fits the query: all files are empty."]


def test_datasets_loads_the_folder_by_its_card(tmp_path: Path) -> None:
    from datasets import load_dataset

    chat = fill("chat", range(30))
    snapshot = frozen(chat, {"formats": ["sft-messages", "trl-preference"], "fractions": [0.5, 0.5, 0]})
    loaded = load_dataset(str(snapshot.folder), cache_dir=str(tmp_path / "cache"))
    assert {split: part.to_list() for split, part in loaded.items()} == {
        split: rows(snapshot, "trl-preference", split) for split in ("train", "validation")
    }


def test_a_stopped_freeze_leaves_nothing(data_dir: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, total: int, phase: str) -> None:
        if phase == "saving":
            raise Stopped

    chat = fill("chat", range(10))
    job = Job.objects.create(kind=Job.Kind.SNAPSHOT, queue="export", project=chat)
    with pytest.raises(Stopped):
        freeze(job_id=job.pk, project=chat, by=None, query={}, report=stop)
    assert list((data_dir / "snapshots").iterdir()) == []
    assert not Snapshot.objects.exists()
    assert frozen(chat, job=job).manifest["counts"]["groups"] == 10


KILLED = """
import os, signal, sys, uuid
import django
django.setup()
from django.conf import settings
from pathlib import Path
from annotation.models import Project
from exports.snapshot import freeze
settings.DATA_DIR = Path(sys.argv[1])
left = int(sys.argv[3])
def kill(done, total, phase):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
query = {"formats": ["kwise", "trl-preference"], "files": ["jsonl", "jsonl.zst", "parquet"]}
freeze(job_id=uuid.UUID(sys.argv[2]), project=Project.objects.get(), by=None, query=query, report=kill)
"""


@pytest.mark.parametrize("reports", [0, 2, 5])
def test_a_killed_freeze_never_looks_whole_and_begins_anew(reports: int, data_dir: Path) -> None:
    """Killed before the first row, or at some point while files are being finished."""
    chat = fill("chat", range(10))
    job = Job.objects.create(kind=Job.Kind.SNAPSHOT, queue="export", project=chat)
    database = connection.settings_dict
    host = str(database["HOST"]).replace("/", "%2F")
    credentials = f"{database['USER']}:{database['PASSWORD']}@{host}:{database['PORT'] or 5432}"
    environment = {"DATABASE_URL": f"postgresql://{credentials}/{database['NAME']}"}
    command = [sys.executable, "-c", KILLED, str(data_dir), str(job.pk), str(reports)]
    done = subprocess.run(
        command, env={**os.environ, "DJANGO_SETTINGS_MODULE": "webapp.settings", **environment}, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    [left] = (data_dir / "snapshots").iterdir()
    assert left.name.startswith(f".{job.pk}.")
    snapshot = frozen(chat, job=job)
    verify(snapshot)
    assert list((data_dir / "snapshots").iterdir()) == [snapshot.folder]


def test_a_folder_that_was_never_recorded_is_written_anew(data_dir: Path) -> None:
    chat = fill("chat", range(4))
    job = Job.objects.create(kind=Job.Kind.SNAPSHOT, queue="export", project=chat)
    orphan = data_dir / "snapshots" / str(job.pk)
    (orphan / "kwise").mkdir(parents=True)
    (orphan / "kwise" / "train.jsonl").write_text("{}\n")
    verify(frozen(chat, job=job))


def test_what_is_damaged_or_was_never_there_is_not_handed_out() -> None:
    snapshot = frozen(fill("chat", range(4)))
    with pytest.raises(NoSuchFile):
        open_file(snapshot, "raw", "train")
    with pytest.raises(NoSuchFile):
        open_file(snapshot, "kwise", "../../secrets")
    path = open_file(snapshot, "kwise", "train")
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(Damaged):
        open_file(snapshot, "kwise", "train")
    path.write_bytes(b"x" * len(content))
    with pytest.raises(Damaged):
        verify(snapshot)


def test_one_statement_whatever_the_size() -> None:
    chat = fill("chat", range(30))
    with consistent_view() as view:
        view.force_debug_cursor = True
        assert len(list(records(view, plan(read({}), chat)))) == 30
        assert len(view.queries) == 1


def test_what_is_written_meanwhile_is_not_seen() -> None:
    chat = fill("chat", range(3))
    with consistent_view() as view:
        assert len(list(records(view, plan(read({}), chat)))) == 3
        fill("other", range(1))
        judge(task(chat, "Late", ["a", "b"]), "ann", [0, 1])
        assert len(list(records(view, plan(read({}), chat)))) == 3
