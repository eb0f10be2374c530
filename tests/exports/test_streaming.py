"""A stream holds what a snapshot would, its first rows come at once, and its connection goes back in good order."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from annotation.content import text_hash
from annotation.intake import oasst
from annotation.intake.taking import take_comparisons
from annotation.models import Generator, Gold, Judgement, Project, Sample, Task
from exports.arriving import Arriving
from exports.formats import FORMATS, Reads
from exports.plan import plan
from exports.query import Query, read
from exports.records import consistent_view
from exports.streaming import _records, stream
from tests.exports.building import judge, person, project, task
from tests.exports.test_snapshot import frozen, rows
from workers.models import Job, RewardModel, Score

pytestmark = pytest.mark.django_db(transaction=True)

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
QUERIES: dict[str, dict[str, Any]] = {
    "nothing asked for": {},
    "languages": {"languages": ["de", "en"]},
    "categories": {"categories": ["code"]},
    "since": {"since": SINCE.isoformat()},
    "until": {"until": SINCE.isoformat()},
    "people": {"people": ["bob", "cy"]},
    "without": {"without": ["ann"]},
    "agreement": {"min_agreement": 0.6},
    "marked": {"unsafe": "only"},
    "unmarked": {"unsafe": "out"},
    "gold alone": {"gold": "only"},
    "gold too": {"gold": "in"},
    "best of n": {"best_of": 3},
    "demonstrations alone": {"demonstrations": "only"},
    "no demonstrations": {"demonstrations": "out"},
    "several projects": {"projects": {"chat": 2, "other": 1}},
    "several projects, one person": {"projects": {"chat": 1, "other": 1}, "people": ["bob"], "gold": "in"},
    "phases": {"phases": [0.4, 0.3, 0.3]},
    "consensus, weighed": {"votes": "consensus", "reliability": True, "ties": "half"},
}


def fill(slug: str) -> Project:
    """Of everything something: several judges and tasks of a prompt, families, gold, flags, edits, trees, scores."""
    chat = project(slug)
    for n in range(24):
        facts = {"language": "de" if n % 5 == 0 else "en", "category": "code" if n % 4 == 0 else ""}
        work = task(chat, f"Prompt {n}", [f"{n} {letter}" for letter in "abcd"], family=f"tree-{n // 2}", **facts)
        marks = {"flags": {str(work.sample_ids[0]): {"unsafe": True}}} if n % 6 == 0 else {}
        judge(work, "ann", [0, 1, 1, 2], strength=1 + n % 4, **marks)
        if n % 3 == 0:
            judge(work, "bob", [0, 2, 1, 3] if n % 2 else [3, 2, 1, 0])
        if n % 8 == 0:
            judge(task(chat, f"Prompt {n}", [f"{n} more {letter}" for letter in "ab"]), "cy", [1, 0])
        if n % 7 == 0:
            Gold.objects.create(task=work, sample_ids=work.sample_ids, ranks=[0, 1, 2, 3], created_by=chat.created_by)
    for row in Judgement.objects.filter(project=chat):
        Judgement.objects.filter(pk=row.pk).update(created_at=datetime(2026, 1 + row.pk % 5, 3, tzinfo=UTC))
    _write(chat)
    _score(chat)
    return chat


def _write(chat: Project) -> None:
    """Answers by people; two of them made of another answer, one of these by two people."""
    people = Generator.objects.create(project=chat, name="people", backend=Generator.Backend.WRITTEN)
    for n, prompt in enumerate(chat.prompts.order_by("pk")[:9]):
        first = prompt.samples.order_by("pk").first()
        text = f"Written for {n}"
        made = Sample.objects.create(
            prompt=prompt, generator=people, text=text, text_hash=text_hash(text), author=person(chat, "ann")
        )
        if n < 2:
            lane = chat.lanes.get_or_create(kind="demonstrate")[0]
            work = Task.objects.create(project=chat, lane=lane, prompt=prompt, kind="demonstrate", overlap=5)
            for name in ("ann", "bob")[: n + 1]:
                Judgement.objects.create(
                    project=chat, task=work, prompt=prompt, person=person(chat, name), sample=made, started_from=first
                )


def _score(chat: Project) -> None:
    job = Job.objects.create(kind=Job.Kind.TRAIN, queue="reward", project=chat)
    model = RewardModel.objects.create(project=chat, version=1, job=job, judgements=0, is_adopted=True)
    scored = Sample.objects.filter(prompt__project=chat, prompt__family__in=[f"tree-{n}" for n in range(0, 12, 2)])
    Score.objects.bulk_create(Score(reward_model=model, sample=s, value=s.pk * 7 % 5) for s in scored)


def told(found: list[dict[str, Any]]) -> Counter[str]:
    """Rows without people's pseudonyms, which go by who is met first."""
    return Counter(json.dumps(_anonymous(row), sort_keys=True) for row in found)


def _anonymous(row: Any) -> Any:
    if isinstance(row, dict):
        return {key: _anonymous(value) for key, value in row.items() if key not in ("annotator", "annotators")}
    return [_anonymous(item) for item in row] if isinstance(row, list) else row


def streamed(chat: Project, query: dict[str, Any], name: str, split: str | None = None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(stream(chat, read(query), name, split)).splitlines()]


def test_it_holds_what_a_snapshot_would() -> None:
    chat, _ = fill("chat"), fill("other")
    for what, query in QUERIES.items():
        snapshot = frozen(chat, {**query, "formats": list(FORMATS), "files": ["jsonl"]})
        for name in FORMATS:
            assert told(streamed(chat, query, name)) == told(rows(snapshot, name)), (what, name)
            if not query:
                assert told(streamed(chat, query, name, "train")) == told(rows(snapshot, name, "train")), name


def test_trees_come_out_whole(oasst_file: Any) -> None:
    chat = project()
    with oasst_file.open("rb") as file:
        assert not take_comparisons(project=chat, rows=oasst.read(file), by=chat.created_by).errors
    found = streamed(chat, {}, "oasst")
    assert len({tree["message_tree_id"] for tree in found}) == len(found) == 100
    assert told(found) == told(rows(frozen(chat, {"formats": ["oasst"]}), "oasst"))


BIG = ("judgement", "task", "prompt", "sample", "ranking", "tree", "score")
WALKS = {"Nested Loop", "Index Scan", "Index Only Scan", "Subquery Scan", "Append", "Result"}
WHOLE = {"Hash", "Hash Join", "Merge Join", "Materialize"}


def forget_sizes() -> None:
    """Tests that ran before, and the database's own housekeeping, leave word of how few rows there are."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name.endswith(BIG)]
        cursor.execute("DELETE FROM pg_statistic WHERE starelid = ANY(%s::regclass[])", [tables])
        cursor.execute("UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE oid = ANY(%s::regclass[])", [tables])


def explained(chat: Project, query: Query) -> Iterator[tuple[str, dict[str, Any]]]:
    """The statements that a stream of the query's one format runs, with the plans that the database made of them."""
    asked, found = plan(query, chat), []
    with consistent_view() as view:
        came = Arriving(view, asked)

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if "%(project)s" in sql or "%(families)s" in sql:
                found.append((sql, params))
            return execute(sql, params, many, context)

        with view.execute_wrapper(note):
            reads = FORMATS[query.formats[0]].reads
            list(came.families() if reads == Reads.TREES else _records(came, query, reads))
        for sql, params in found:
            with view.cursor() as cursor:
                cursor.execute("EXPLAIN (FORMAT JSON) DECLARE walked CURSOR FOR " + sql, params)
                yield sql, cursor.fetchone()[0][0]["Plan"]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def walked(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the rows come along, from the result down to the index: of a join, its outer side, or what is joined to the
    one project there is."""
    yield plan
    ways = [c for c in plan.get("Plans", ()) if c["Parent Relationship"] in ("Outer", "Inner", "Subquery", "Member")]
    if len(ways) == 2 and plan["Node Type"] == "Nested Loop":
        ways = ways[ways[0]["Node Type"] == "Function Scan" :][:1]
    for way in ways:
        yield from walked(way)


def check(sql: str, plan: dict[str, Any]) -> None:
    for node in nodes(plan):
        assert node["Node Type"] not in WHOLE, (node, sql)
        assert node["Node Type"] != "Seq Scan" or not node["Relation Name"].endswith(BIG), (node, sql)
    if "%(project)s" not in sql:
        return  # of some families, all in their order
    way = list(walked(plan))
    assert {node["Node Type"] for node in way} <= WALKS, ([node["Node Type"] for node in way], sql)
    assert way[-1]["Node Type"].startswith("Index"), (way[-1], sql)
    assert "Index Cond" in way[-1] or "gold" in way[-1]["Relation Name"], (way[-1], sql)


def test_the_first_rows_do_not_wait_for_the_last() -> None:
    """Every statement walks along an index: nothing of its way is sorted, hashed, or read whole. On plans, not by time:
    how they do at any size is measured by `manage.py bench exports`."""
    chat, _ = fill("chat"), fill("other")
    forget_sizes()
    for query in QUERIES.values():
        for name in ("trl-preference", "stepwise", "sft", "trlx", "prompts", "oasst"):
            statements = list(explained(chat, read({**query, "formats": [name]})))
            assert statements
            for sql, made in statements:
                check(sql, made)
