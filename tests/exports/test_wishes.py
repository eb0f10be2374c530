"""What a query can ask for, each wish on data where it makes a difference."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from annotation.intake import oasst
from annotation.intake.taking import take_comparisons
from annotation.models import Generator, Gold, Person, Project, Sample, Task
from annotation.splitting import SPLITS
from exports import jobs as freezing
from exports.models import Snapshot
from exports.query import read
from exports.streaming import stream
from tests.exports.building import judge, project, task
from tests.exports.test_snapshot import frozen, rows
from workers import jobs
from workers.models import Job, RewardModel, Score

pytestmark = pytest.mark.django_db(transaction=True)


def prompts(chat: Project, **query: object) -> list[str]:
    found = rows(frozen(chat, {"formats": ["kwise"], **query}), "kwise")
    return sorted(row["prompt"][0]["content"] for row in found)


def test_gold_stays_out_unless_it_is_asked_for() -> None:
    chat = project()
    judge(task(chat, "Work", ["a", "b"]), "ann", [0, 1])
    known = task(chat, "Gold", ["a", "b"])
    judge(known, "ann", [0, 1])
    Gold.objects.create(task=known, sample_ids=known.sample_ids, ranks=[0, 1], created_by=chat.created_by)
    assert prompts(chat) == ["Work"]
    assert prompts(chat, gold="in") == ["Gold", "Work"]
    assert prompts(chat, gold="only") == ["Gold"]


def test_people_and_machines_in_and_out() -> None:
    chat = project()
    work = task(chat, "Both", ["a", "b"])
    judge(work, "ann", [0, 1])
    here = judge(task(chat, "Here", ["a", "b"]), "bob", [0, 1])
    here.source = "browser"
    here.save()
    Person.objects.filter(pk=here.person_id).update(origin="here", is_active=True, username="bob")
    assert prompts(chat, people=["ann"]) == ["Both"]
    assert prompts(chat, without=["ann"]) == ["Here"]
    assert prompts(chat, machines="out") == prompts(chat, people=["bob"]) == ["Here"]
    assert prompts(chat, machines="only") == ["Both"]


def test_who_is_asked_for_is_not_named_in_the_files() -> None:
    chat = project()
    judge(task(chat, "Hi", ["a", "b"]), "ann-marie", [0, 1])
    snapshot = frozen(chat, {"people": ["ann-marie"]})
    assert snapshot.query["people"] == ["ann-marie"]
    assert b"ann-marie" not in b"".join(p.read_bytes() for p in snapshot.folder.rglob("*") if p.is_file())


def test_unsafe_groups_and_groups_without_agreement() -> None:
    chat = project()
    bad = task(chat, "Harm", ["a", "b"])
    judge(bad, "ann", [0, 1], categories={str(bad.sample_ids[0]): {"hate": ""}})
    split = task(chat, "Split", ["a", "b"])
    judge(split, "ann", [0, 1])
    judge(split, "bob", [1, 0])
    alike = task(chat, "Alike", ["a", "b"])
    judge(alike, "ann", [0, 1])
    judge(alike, "bob", [0, 1])
    assert prompts(chat, unsafe="out") == ["Alike", "Split"]
    assert prompts(chat, unsafe="only") == ["Harm"]
    assert prompts(chat, min_agreement=0.6) == ["Alike"]
    snapshot = frozen(chat, {"min_agreement": 0.6})
    assert snapshot.manifest["left_out"] == {"agreement": 2}
    assert any("too little agreement" in note for note in snapshot.manifest["notes"])


def test_votes_weigh_by_reliability() -> None:
    chat = project()
    for n in range(4):
        work = task(chat, f"Q{n}", ["a", "b"])
        judge(work, "ann", [0, 1])
        judge(work, "bob", [0, 1])
        judge(work, "eve", [1, 0])
    found = rows(frozen(chat, {"formats": ["trl-preference"], "reliability": True}), "trl-preference")
    weights = {(row["chosen"][0]["content"], round(row["weight"], 3)) for row in found}
    assert weights == {("a", 0.5), ("b", 0.1)}


def test_comments_only_if_asked_for_and_margins_too() -> None:
    chat = project()
    judge(task(chat, "Hi", ["a", "b"]), "ann", [0, 1], comment="my cat says so", strength=4)
    query = {"formats": ["raw", "trl-preference"], "comments": True, "margin": True}
    snapshot = frozen(chat, query)
    assert rows(snapshot, "raw")[0]["comment"] == "my cat says so"
    assert rows(snapshot, "trl-preference")[0]["margin"] == 1.0


def test_projects_are_mixed_by_their_weights() -> None:
    one, two = project("one"), project("two")
    for n in range(40):
        judge(task(one, f"One {n}", ["a", "b"]), "ann", [0, 1])
        judge(task(two, f"Two {n}", ["a", "b"]), "ann", [0, 1])
    query = {"projects": {"one": 3, "two": 1}}
    found = prompts(one, **query)
    counts = [sum(name.startswith(which) for name in found) for which in ("One", "Two")]
    assert counts[0] == 40
    assert abs(counts[1] - 40 / 3) <= 1
    again = prompts(two, projects={"two": 5, "one": 15})
    assert again == found
    assert prompts(one, **query, seed=1) != found


def test_who_may_not_read_a_project_cannot_mix_it_in(owner: Person, project: Project, viewer: Person) -> None:
    secret = Project.objects.create(slug="secret", name="Secret", created_by=owner)
    for slug in (secret.slug, "nowhere"):
        with pytest.raises(jobs.Refused, match="whose data you may read"):
            freezing.start(project=project, by=viewer, query={"projects": {project.slug: 1, slug: 1}})
    assert freezing.start(project=project, by=viewer, query={"projects": {project.slug: 1}})


def test_a_mixed_snapshot_is_for_those_who_may_read_all_of_it(owner: Person, project: Project, viewer: Person) -> None:
    from annotation import projects

    other = projects.create(by=owner, slug="other", name="Other")
    snapshot = frozen(project, {"projects": {project.slug: 1, other.slug: 1}})
    assert snapshot in Snapshot.objects.visible_to(owner)
    assert snapshot not in Snapshot.objects.visible_to(viewer)


def test_three_phases_share_no_prompt() -> None:
    chat = project()
    for n in range(60):
        judge(task(chat, f"Q{n}", ["a", "b"]), "ann", [0, 1])
    query = {"formats": ["sft", "trl-preference", "prompts"], "phases": [0.3, 0.4, 0.3], "text": True}
    snapshot = frozen(chat, query)
    sides = [{row["prompt"] for row in rows(snapshot, name)} for name in query["formats"]]
    assert [len(side) > 5 for side in sides] == [True] * 3
    assert sum(map(len, sides)) == len(set.union(*sides)) == 60


def score(chat: Project, values: dict[int, float]) -> None:
    job = Job.objects.create(
        kind=Job.Kind.TRAIN, queue="train", project=chat, state="cancelled", finished_at="2026-01-01T00:00Z"
    )
    model = RewardModel.objects.create(
        project=chat, version=1, job=job, base="tiny", folder="x", data_hash="0" * 64, judgements=1, is_adopted=True
    )
    for sample, value in values.items():
        Score.objects.create(reward_model=model, sample_id=sample, value=value)


def test_the_best_of_n_by_the_adopted_reward_model() -> None:
    chat = project()
    work = task(chat, "Hi", ["a", "b", "c"])
    judge(work, "ann", [0, 1, 2])
    score(chat, dict(zip(work.sample_ids, [0.1, 0.2, 0.9], strict=True)))
    query = {"formats": ["sft", "trlx", "trl-preference"], "text": True, "best_of": 3}
    snapshot = frozen(chat, query)
    assert [row["completion"] for row in rows(snapshot, "sft")] == [" c"]
    assert {row["samples"][1]: row["rewards"] for row in rows(snapshot, "trlx")} == {" a": 0.1, " b": 0.2, " c": 0.9}
    assert len(rows(snapshot, "trl-preference")) == 3
    assert snapshot.manifest["lineage"]["projects"][0]["reward_model"]["version"] == 1
    assert [row["completion"] for row in rows(frozen(chat, {**query, "best_of": None}), "sft")] == [" a"]


@pytest.mark.parametrize(
    ("metrics", "normalisation", "card"),
    [
        ({}, None, "nothing says which answers score 0"),
        ({"normalised_on": "nothing", "score_offset": 0.0}, None, "nothing says which answers score 0"),
        ({"normalised_on": "demonstrations"}, {"zero": "demonstrations", "add": None}, "reward.json"),
        (
            {"normalised_on": "demonstrations", "score_offset": 0.0},
            {"zero": "demonstrations", "add": 0.0},
            "demonstrations of its training data score 0 on average; use its output as it is.",
        ),
        (
            {"normalised_on": "preferred answers", "score_offset": -1.25},
            {"zero": "preferred answers", "add": -1.25},
            "add -1.25 to its output",
        ),
    ],
)
def test_prompts_come_with_the_reward_models_zero(
    metrics: dict[str, Any], normalisation: dict[str, Any] | None, card: str
) -> None:
    chat = project()
    judge(task(chat, "Hi", ["a", "b"]), "ann", [0, 1])
    score(chat, {})
    RewardModel.objects.update(metrics=metrics)
    snapshot = frozen(chat, {"formats": ["prompts"]})
    [source] = snapshot.manifest["lineage"]["projects"]
    assert source["reward_model"]["normalisation"] == normalisation
    assert card in (snapshot.folder / "README.md").read_text("utf-8")


def test_demonstrations_are_to_learn_from() -> None:
    chat = project()
    work = task(chat, "Hi", ["a", "b"])
    judge(work, "ann", [0, 1])
    people = Generator.objects.create(project=chat, name="people", backend=Generator.Backend.WRITTEN)
    Sample.objects.create(prompt=work.prompt, generator=people, text="written", text_hash="0" * 64)
    wish = {"formats": ["sft"], "text": True}
    found = {
        which: [r["completion"] for r in rows(frozen(chat, {**wish, "demonstrations": which}), "sft")]
        for which in ("in", "out", "only")
    }
    assert found == {"in": [" a", " written"], "out": [" a"], "only": [" written"]}


def test_prompts_are_all_accepted_ones_judged_or_not() -> None:
    chat = project()
    judge(task(chat, "Judged", ["a", "b"]), "ann", [0, 1])
    task(chat, "Waiting", ["a", "b"])
    task(chat, "Rejected", ["a", "b"], review_state="rejected")
    found = rows(frozen(chat, {"formats": ["prompts"], "text": True}), "prompts")
    assert sorted(row["prompt"] for row in found) == ["Human: Judged\n\nAssistant:", "Human: Waiting\n\nAssistant:"]


def test_parquet_goes_on_in_shards_and_loads_by_its_card(tmp_path: Path) -> None:
    from datasets import load_dataset

    chat = project()
    for n in range(30):
        judge(task(chat, f"Q{n}", [f"{n}{c}" * 30_000 for c in "ab"]), "ann", [0, 1])
    query = {
        "formats": ["trl-preference", "kwise"],
        "files": ["parquet", "jsonl"],
        "shard_mb": 1,
        "fractions": [1, 0, 0],
    }
    snapshot = frozen(chat, query)
    shards = sorted((snapshot.folder / "trl-preference").glob("*.parquet"))
    train = [shard for shard in shards if shard.name.startswith("train")]
    read_back = [row for shard in train for row in pq.read_table(shard).to_pylist()]
    assert read_back == rows(snapshot, "trl-preference", "train")
    loaded = load_dataset(str(snapshot.folder), "trl-preference", cache_dir=str(tmp_path / "cache"))
    assert loaded["train"].num_rows == 30


def test_trees_come_out_as_they_went_in(oasst_file: Path) -> None:
    chat = project()
    with oasst_file.open("rb") as file:
        assert not take_comparisons(project=chat, rows=oasst.read(file), by=chat.created_by).errors
    snapshot = frozen(chat, {"formats": ["oasst"]})
    found = {tree["message_tree_id"]: tree for tree in rows(snapshot, "oasst")}
    expected = {tree["message_tree_id"]: tree for tree in map(json.loads, oasst_file.read_text().splitlines())}
    assert found == expected


def test_ranks_given_here_take_the_place_of_the_files(oasst_file: Path) -> None:
    chat = project()
    with oasst_file.open("rb") as file:
        take_comparisons(project=chat, rows=oasst.read(file), by=chat.created_by)
    work = Task.objects.filter(project=chat).first()
    assert work is not None
    ours = judge(work, "ann", list(range(len(work.sample_ids))))
    ours.source = "browser"
    ours.save()
    Person.objects.filter(pk=ours.person_id).update(origin="here", username="ann")
    [tree] = [
        t for t in rows(frozen(chat, {"formats": ["oasst"]}), "oasst") if t["message_tree_id"] == work.prompt.family
    ]
    texts = dict(Sample.objects.filter(pk__in=work.sample_ids).values_list("text", "pk"))
    waiting = [tree["prompt"]]
    while waiting:
        node = waiting.pop()
        waiting += node["replies"]
        if node["message_id"] == work.prompt.external_id:
            order = [texts[reply["text"]] for reply in sorted(node["replies"], key=lambda reply: reply["rank"])]
    assert order == work.sample_ids


def test_our_own_prompts_become_trees_that_come_back(tmp_path: Path) -> None:
    one, two = project("one"), project("two")
    talk: list[dict[str, Any]] = [{"role": "user", "content": "Name a colour."}]
    longer = [*talk, {"role": "assistant", "content": "Blue."}, {"role": "user", "content": "Another."}]
    judge(task(one, talk, ["Blue.", "Red."], family="tree-1"), "ann", [0, 1])
    judge(task(one, longer, ["Green.", "Grey."], family="tree-1"), "ann", [1, 0])
    snapshot = frozen(one, {"formats": ["oasst"], "fractions": [1, 0, 0]})
    [tree] = rows(snapshot, "oasst")
    assert len(tree["prompt"]["replies"]) == 2
    with (snapshot.folder / "oasst" / "train.jsonl").open("rb") as file:
        assert not take_comparisons(project=two, rows=oasst.read(file), by=two.created_by).errors
    again = frozen(two, {"formats": ["oasst"], "fractions": [1, 0, 0]})
    assert rows(again, "oasst") == [tree]


@pytest.mark.parametrize("name", ["trl-preference", "sft", "prompts", "oasst", "trlx"])
def test_the_stream_gives_the_same_rows(name: str) -> None:
    chat = project()
    for n in range(12):
        judge(task(chat, f"Q{n}", ["a", "b", "c"]), "ann", [0, 1, 2])
    blocks = b"".join(stream(chat, read({}), name))
    live = sorted(blocks.splitlines())
    assert live == sorted(
        line
        for split in SPLITS
        for line in (frozen(chat, {"formats": [name]}).folder / name / f"{split}.jsonl").read_bytes().splitlines()
    )
    in_splits = [b"".join(stream(chat, read({}), name, split)).splitlines() for split in SPLITS]
    assert sorted(line for part in in_splits for line in part) == live


def test_a_stream_that_is_left_gives_its_connection_back() -> None:
    chat = project()
    for n in range(30):
        judge(task(chat, f"Q{n}", ["a" * 3000, "b" * 3000]), "ann", [0, 1])
    blocks = stream(chat, read({}), "trl-preference")
    assert next(blocks)
    blocks.close()  # type: ignore[attr-defined]
