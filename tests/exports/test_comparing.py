"""Two snapshots beside each other: what came, what went, what was judged anew."""

import json
from pathlib import Path
from typing import Any

import pytest

from annotation.models import Task
from exports import comparison, matching
from exports.comparing import shared_formats
from exports.matching import AFTER, BEFORE, Line, Matching
from exports.models import Comparison, Snapshot
from exports.withdrawing import forget, sweep, withdraw
from tests.exports.building import judge, person, project, task
from tests.exports.test_snapshot import frozen
from workers import jobs
from workers.models import Job

pytestmark = pytest.mark.django_db(transaction=True)
QUERY = {"formats": ["kwise", "trl-preference", "alpaca"], "fractions": [1, 0, 0]}
NONE = {"added": 0, "removed": 0, "changed": 0}


def compared(before: Snapshot, after: Snapshot) -> Comparison:
    """By the job, as its reader gets it."""
    job = comparison.start(project=before.project, by=before.project.created_by, before=before, after=after)
    jobs.run(str(job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error
    return Comparison.objects.get(pk=job.result["comparison"])


def train(made: Comparison, name: str) -> dict[str, int]:
    return dict(made.manifest["formats"][name]["train"])


def diff(made: Comparison, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (made.folder / f"{name}.jsonl").read_bytes().splitlines()]


@pytest.fixture
def two() -> tuple[Snapshot, Snapshot]:
    """One row comes, one goes, one is judged the other way, one stays."""
    chat = project()
    tasks = [task(chat, f"Prompt {n}", ["a", "b"]) for n in range(4)]
    for work in tasks[:3]:
        judge(work, "ann", [0, 1])
    before = frozen(chat, QUERY)
    judge(tasks[0], "ann", [1, 0])
    judge(tasks[3], "ann", [0, 1])
    tasks[1].judgements.all().delete()
    return before, frozen(chat, QUERY)


def test_it_works(two: tuple[Snapshot, Snapshot]) -> None:
    before, after = two
    assert shared_formats(before, after) == ["alpaca", "kwise", "trl-preference"]
    made = compared(before, after)
    for name in ("kwise", "trl-preference"):
        assert train(made, name) == {"added": 1, "removed": 1, "changed": 1, "alike": 1}
        found = diff(made, name)
        assert sorted(change["change"] for change in found) == ["added", "changed", "removed"]
        assert made.manifest["files"][f"{name}.jsonl"]["rows"] == 3
        [changed] = [change for change in found if change["change"] == "changed"]
        assert changed["before"]["group_id"] == changed["after"]["group_id"]
        assert made.manifest["examples"][name]["changed"] == [changed]
    assert train(made, "alpaca") == {"added": 2, "removed": 2, "changed": 0, "alike": 1}


def test_a_pair_that_was_turned_round_stands_beside_itself() -> None:
    chat = project()
    work = task(chat, "Prompt", ["a", "b", "c"])
    judge(work, "ann", [0, 1, 2])
    before = frozen(chat, QUERY)
    judge(work, "ann", [1, 0, 2])
    made = compared(before, frozen(chat, QUERY))
    assert train(made, "trl-preference") == {"added": 0, "removed": 0, "changed": 1, "alike": 2}
    [change] = diff(made, "trl-preference")
    assert change["before"]["chosen"] == change["after"]["rejected"]


@pytest.mark.parametrize("files", [["jsonl.zst"], ["jsonl.gz"], ["json"]])
def test_other_pseudonyms_and_another_kind_of_file_are_no_difference(files: list[str]) -> None:
    chat = project()
    judge(task(chat, "Prompt 1", ["a", "b"]), "ann", [0, 1])
    judge(task(chat, "Prompt 2", ["a", "b"]), "bob", [0, 1])
    made = compared(frozen(chat, QUERY), frozen(chat, {**QUERY, "files": files, "seed": 3}))
    for name in ("kwise", "alpaca"):
        assert train(made, name) == {**NONE, "alike": 2}
        assert diff(made, name) == []


def test_parquet_beside_parquet(two: tuple[Snapshot, Snapshot]) -> None:
    chat = two[0].project
    query = {**QUERY, "files": ["parquet"], "formats": ["kwise"]}
    before = frozen(chat, query)
    assert shared_formats(before, two[0]) == []
    judge(task(chat, "Prompt 9", ["a", "b"]), "ann", [0, 1])
    made = compared(before, frozen(chat, query))
    assert train(made, "kwise") == {**NONE, "added": 1, "alike": 3}
    assert diff(made, "kwise")[0]["after"]["prompt"] == [{"role": "user", "content": "Prompt 9"}]


def test_any_number_of_partitions_finds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twins count as often as they are there, wherever they stand."""

    def lines(*said: int) -> list[Line]:
        return [Line(bytes([n]) * 16, bytes([n % 50]) * 16, at, 1) for at, n in enumerate(said)]

    before = lines(*range(100), 7, 7)
    after = lines(*range(20, 120), 7, 7)  # 7 is there three times, then twice; 100…119 are about what 0…19 were about
    results = []
    for size in (1 << 15, 4):
        monkeypatch.setattr(matching, "A_PART", size)
        with Matching(tmp_path, len(before) + len(after)) as found:
            found.add(BEFORE, before)
            found.add(AFTER, after)
            parts = list(found.found())
        changes = {change for part in parts for change in part.changes}
        results.append((sum(part.alike for part in parts), changes))
    assert results[0] == results[1]
    alike, changes = results[0]
    assert (alike, len(changes)) == (82, 20)
    assert all(one and other and one.about == other.about for one, other in changes)
    assert list(tmp_path.iterdir()) == []


def test_what_makes_no_sense_is_refused(two: tuple[Snapshot, Snapshot]) -> None:
    before, after = two
    olive = before.project.created_by
    with pytest.raises(jobs.Refused, match="the same as itself"):
        comparison.start(project=before.project, by=olive, before=before, after=before)
    other = frozen(before.project, {"formats": ["kto"]})
    with pytest.raises(jobs.Refused, match="no format in common"):
        comparison.start(project=before.project, by=olive, before=before, after=other)
    withdraw(snapshot=before, by=None, why="A test.")
    before.refresh_from_db()
    with pytest.raises(jobs.Refused, match="withdrawn"):
        comparison.start(project=before.project, by=olive, before=before, after=after)


def test_two_who_ask_get_one_job_and_a_second_job_finds_the_first_ones_work(two: tuple[Snapshot, Snapshot]) -> None:
    before, after = two
    olive = before.project.created_by
    first = comparison.start(project=before.project, by=olive, before=before, after=after)
    assert comparison.start(project=before.project, by=olive, before=before, after=after) == first
    made = compared(before, after)
    again = compared(before, after)
    assert again == made
    assert [path.name for path in made.folder.parent.iterdir()] == [made.folder.name]


def test_who_is_forgotten_is_in_no_comparison(two: tuple[Snapshot, Snapshot]) -> None:
    made = compared(*two)
    chat = two[0].project
    Task.objects.filter(judgements__is_current=True).update(taken=1, judged=1)
    assert made.folder.exists()
    forget(person=person(chat, "ann"), project=chat, by=None)
    assert not Comparison.objects.exists()
    assert not made.folder.exists()


def test_a_comparison_under_way_when_its_snapshot_goes_is_not_kept(two: tuple[Snapshot, Snapshot]) -> None:
    before, after = two
    job = comparison.start(project=before.project, by=before.project.created_by, before=before, after=after)
    withdraw(snapshot=after, by=None, why="A test.")
    jobs.run(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.FAILED, str(comparison.GONE))
    assert not Comparison.objects.exists()


def test_what_a_full_disk_left_is_swept(two: tuple[Snapshot, Snapshot]) -> None:
    made = compared(*two)
    Snapshot.objects.filter(pk=two[0].pk).update(withdrawn_at=made.created_at)
    assert sweep() == 1
    assert not made.folder.exists()


def test_long_texts_are_cut_in_examples_alone() -> None:
    chat = project()
    judge(task(chat, "Prompt 1", ["a", "b" * 5_000]), "ann", [0, 1])
    before = frozen(chat, QUERY)
    judge(task(chat, "Prompt 2", ["a", "c" * 5_000]), "ann", [0, 1])
    made = compared(before, frozen(chat, QUERY))
    [example] = made.manifest["examples"]["kwise"]["added"]
    assert sorted(map(len, example["after"]["responses"])) == [1, comparison.LONGEST + 1]
    assert sorted(map(len, diff(made, "kwise")[0]["after"]["responses"])) == [1, 5_000]
