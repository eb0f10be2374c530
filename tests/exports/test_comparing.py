"""Two snapshots beside each other: what came, what went, what was judged anew."""

import json

import pytest

from exports.comparing import counts, diff, shared_formats
from tests.exports.building import judge, project, task
from tests.exports.test_snapshot import frozen

pytestmark = pytest.mark.django_db(transaction=True)
QUERY = {"formats": ["kwise", "trl-preference", "alpaca"], "fractions": [1, 0, 0]}


def test_it_works() -> None:
    chat = project()
    tasks = [task(chat, f"Prompt {n}", ["a", "b"]) for n in range(4)]
    for work in tasks[:3]:
        judge(work, "ann", [0, 1])
    before = frozen(chat, QUERY)
    judge(tasks[0], "ann", [1, 0])
    judge(tasks[3], "ann", [0, 1])
    tasks[1].judgements.all().delete()
    after = frozen(chat, QUERY)
    assert shared_formats(before, after) == ["alpaca", "kwise", "trl-preference"]
    for name in ("kwise", "trl-preference"):
        assert counts(before, after, name)["train"] == {"added": 1, "removed": 1, "changed": 1, "alike": 1}
        found = [json.loads(line) for line in diff(before, after, name)]
        assert sorted(change["change"] for change in found) == ["added", "changed", "removed"]
        [changed] = [change for change in found if change["change"] == "changed"]
        assert changed["before"]["group_id"] == changed["after"]["group_id"]
    assert counts(before, after, "alpaca")["train"] == {"added": 2, "removed": 2, "changed": 0, "alike": 1}


def test_the_same_with_other_pseudonyms_and_another_kind_of_file_is_the_same() -> None:
    chat = project()
    judge(task(chat, "Prompt 1", ["a", "b"]), "ann", [0, 1])
    judge(task(chat, "Prompt 2", ["a", "b"]), "bob", [0, 1])
    one = frozen(chat, QUERY)
    other = frozen(chat, {**QUERY, "files": ["jsonl.zst"], "seed": 3})
    assert counts(one, other, "kwise")["train"] == {"added": 0, "removed": 0, "changed": 0, "alike": 2}
    assert counts(one, other, "alpaca")["train"]["alike"] == 2
    assert list(diff(one, other, "kwise")) == []
