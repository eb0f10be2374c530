"""Rows straight from the database: what a snapshot would hold, now and without waiting."""

import json
import re
from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from annotation.models import Person, Project
from exports import records, statements, streaming
from exports.formats import FORMATS
from exports.plan import plan
from exports.query import Query
from tests.api.test_snapshots import frozen
from webapp.api.live import _seats

__all__ = ["frozen"]
pytestmark = pytest.mark.django_db(transaction=True)
Frozen = tuple[APIClient, dict]
LIVE = "/api/v1/projects/letters/live/{}.jsonl"


def rows(client: APIClient, form: str, **parameters: str) -> list[str]:
    answer = client.get(LIVE.format(form), parameters)
    assert answer.status_code == 200, answer.content
    return [json.dumps(json.loads(line)) for line in b"".join(answer).splitlines()]


def test_it_works(frozen: Frozen) -> None:
    client, snapshot = frozen
    there = b"".join(client.get(f"/api/v1/snapshots/{snapshot['id']}/trl-preference/train.jsonl"))
    wanted = sorted(json.dumps(json.loads(line)) for line in there.splitlines())
    assert sorted(rows(client, "trl-preference", split="train")) == wanted
    everything = sum(facts["rows"] for name, facts in snapshot["manifest"]["files"].items() if "trl-pref" in name)
    assert len(rows(client, "trl-preference")) == everything


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_format(frozen: Frozen, form: str) -> None:
    rows(frozen[0], form)


def test_a_query_narrows_it(frozen: Frozen) -> None:
    assert rows(frozen[0], "kwise", query='{"languages": ["xx"]}') == []


@pytest.mark.parametrize(
    "parameters",
    [{"query": "{"}, {"query": "[]"}, {"query": '{"no": 1}'}, {"split": "half"}, {"query": '{"projects": {"x": 1}}'}],
)
def test_nonsense_is_refused(frozen: Frozen, parameters: dict) -> None:
    assert frozen[0].get(LIVE.format("kwise"), parameters).status_code == 400
    assert frozen[0].get(LIVE.format("no-such")).status_code == 400
    assert "one JSON object is wanted" in frozen[0].get(LIVE.format("kwise"), {"query": "en"}).json()["detail"]


def test_outsiders_find_nothing(
    frozen: Frozen, outsider: Person, annotator: Person, project: Project, api: Callable[[Person], APIClient]
) -> None:
    for person in (outsider, annotator):
        assert api(person).get(LIVE.format("kwise")).status_code == 404


def test_streams_leave_threads_to_others(frozen: Frozen) -> None:
    client = frozen[0]
    held = [client.get(LIVE.format("kwise")) for _ in range(2)]
    assert client.get(LIVE.format("kwise")).status_code == 503
    for answer in held:
        answer.close()
    assert rows(client, "kwise")
    assert _seats.acquire(blocking=False)
    assert _seats.acquire(blocking=False)
    _seats.release()
    _seats.release()


def test_the_first_rows_do_not_wait_for_the_last(frozen: Frozen, project: Project) -> None:
    """Nothing of the plan reads all tasks before it gives one: no joining by hash or merge, no sorting of tasks."""
    asked = plan(Query(), project)
    sql = statements.records(gold="out", shown=False, safer=False, scores=False, order=statements.BY_ARRIVAL)
    with records.consistent_view() as view, view.cursor() as cursor:
        cursor.execute(streaming.PLANNING)
        cursor.execute("EXPLAIN DECLARE rows CURSOR FOR " + sql, records.values(asked))
        found = "\n".join(line for (line,) in cursor.fetchall()).partition("Aggregate")[0]  # what follows is a task's
    assert "task_by_project" in found
    assert not re.search("Hash|Merge|Materialize|Sort Key: task", found), found
