"""Rows straight from the database: what a snapshot would hold, now and without waiting."""

import json
import logging
from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from annotation.models import Person, Project
from exports.formats import FORMATS
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
    for person, refusal in ((outsider, 404), (annotator, 403)):
        assert api(person).get(LIVE.format("kwise")).status_code == refusal


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


@pytest.mark.parametrize("how", ["to the end", "closed in the middle", "never begun"])
def test_its_connection_goes_back_in_good_order(frozen: Frozen, how: str, caplog: pytest.LogCaptureFixture) -> None:
    """The pool complains of connections that come back in the middle of a transaction."""
    with caplog.at_level(logging.WARNING):
        for form in ("kwise", "prompts", "oasst"):
            answer = frozen[0].get(LIVE.format(form))
            if how != "never begun":
                parts = iter(answer)
                assert next(parts) == b""  # the headers, at once
                assert next(parts).startswith(b"{")
            if how == "to the end":
                list(parts)
            answer.close()
        tail = frozen[0].get("/api/v1/projects/letters/comparisons/")
        assert next(iter(tail)).startswith(b"{")
        tail.close()
    assert not caplog.records, caplog.text
