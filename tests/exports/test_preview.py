"""What a query would find is told before it is frozen: exactly where that is quick, and plainly where it is not."""

from typing import Any

import pytest

from exports import preview as previewing
from exports.plan import Unreadable
from exports.preview import preview
from exports.query import read
from tests.exports.building import judge, project, task
from tests.exports.test_snapshot import fill, frozen

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"votes": "consensus"},
        {"pairs": "best"},
        {"cap": 2, "ties": "half"},
        {"min_agreement": 0.5},
        {"without": ["bob"]},
        {"languages": ["fr"]},
        {"unsafe": "only"},
    ],
)
def test_it_counts_what_the_freeze_will_hold(query: dict[str, Any]) -> None:
    chat = fill("chat", range(12))
    found = preview(chat, read(query))
    made = frozen(chat, query).manifest
    counts = {name: made["counts"][name] for name in ("prompts", "groups", "judgements")}
    pairs = sum(facts["rows"] for name, facts in made["files"].items() if name.startswith("trl-preference/"))
    assert (found.prompts, found.groups, found.judgements) == tuple(counts.values())
    assert (found.pairs, found.certainty) == (pairs, "exact")


def test_of_many_it_estimates(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = fill("chat", range(30))
    monkeypatch.setattr(previewing, "MOST", 9)
    found = preview(chat, read({}))
    assert (found.prompts, found.groups, found.judgements, found.certainty) == (30, 30, 40, "about")
    assert 30 * 5 <= found.pairs <= 30 * 11
    none = preview(chat, read({"since": "2100-01-01"}))
    assert (none.groups, none.certainty) == (0, "exact")


def test_where_the_database_takes_too_long_it_says_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = fill("chat", range(12))
    monkeypatch.setattr(previewing, "MOST", 5)
    monkeypatch.setattr(previewing, "PATIENCE_MS", 500)
    monkeypatch.setattr(previewing, "COUNT", previewing.COUNT + " AND pg_sleep(1) IS NOT NULL")
    found = preview(chat, read({}))
    assert (found.groups, found.certainty) == (5, "at_least")


def test_mixed_projects() -> None:
    one, other = fill("one", range(6)), project("other")
    judge(task(other, "Hello", ["a", "b"]), "ann", [0, 1])
    query = {"projects": {"one": 1, "other": 1}}
    found = preview(one, read(query))
    assert found.groups == frozen(one, query).manifest["counts"]["groups"]
    with pytest.raises(Unreadable):
        preview(one, read({"projects": {"nowhere": 1}}))
