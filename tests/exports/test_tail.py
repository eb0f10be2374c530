"""Somebody who tails a project must see every judgement, also those that were slow to commit."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from annotation.models import Project
from exports import tail
from exports.arriving import plan_for_first_rows
from exports.records import consistent_view
from exports.tail import comparisons_since
from tests.exports.building import judge, project, task
from tests.exports.test_streaming import WHOLE, nodes

pytestmark = pytest.mark.django_db(transaction=True)


def seen(chat: Project, cursor: str = "", limit: int = 100) -> tuple[list[dict[str, Any]], str]:
    found = list(comparisons_since(chat, cursor, limit))
    return [row for _, row in found], found[-1][0] if found else cursor


def test_it_works() -> None:
    chat = project()
    judge(task(chat, "Hi", ["a", "b"]), "ann", [1, 0], strength=2)
    [row], cursor = seen(chat)
    assert dict(zip(row["responses"], row["ranks"], strict=True)) == {"a": 1, "b": 0}
    assert (row["revision"], row["strength"]) == (1, 2)
    assert seen(chat, cursor) == ([], cursor)


def test_page_by_page_and_revisions_come_again() -> None:
    chat = project()
    works = [task(chat, f"Prompt {n}", ["a", "b"]) for n in range(5)]
    for work in works:
        judge(work, "ann", [0, 1])
    first, cursor = seen(chat, limit=3)
    judge(works[0], "ann", [1, 0])
    rest, _ = seen(chat, cursor)
    assert [len(first), len(rest)] == [3, 3]
    assert rest[-1]["revision"] == 2
    assert rest[-1]["prompt_id"] == first[0]["prompt_id"]


def test_one_person_has_one_name_in_a_project_and_another_elsewhere() -> None:
    names = []
    for slug in ("one", "two"):
        chat = project(slug)
        for n in range(2):
            judge(task(chat, f"Prompt {n}", ["a", "b"]), "ann", [0, 1])
        names.append({row["annotator"] for row in seen(chat)[0]})
    assert [len(each) for each in names] == [1, 1]
    assert names[0] != names[1]
    assert "ann" not in str(names)


def test_other_projects_stay_out() -> None:
    chat, other = project(), project("other")
    judge(task(other, "Hi", ["a", "b"]), "ann", [0, 1])
    assert seen(chat) == ([], "")


@contextmanager
def slow_writer(chat: Project) -> Iterator[Callable[[], None]]:
    """Somebody whose judgement has drawn its id and is not committed until the yielded function is called."""
    ready, go = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                judge(task(chat, "Slow", ["a", "b"]), "slow", [0, 1])
                ready.set()
                go.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    assert ready.wait(30)

    def commit() -> None:
        go.set()
        thread.join()

    try:
        yield commit
    finally:
        commit()


def test_a_writer_who_takes_long_holds_the_tail_and_is_not_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "PATIENCE_S", 0.2)
    chat = project()
    judge(task(chat, "First", ["a", "b"]), "ann", [0, 1])
    _, cursor = seen(chat)
    with slow_writer(chat) as commit:
        judge(task(chat, "Quick", ["a", "b"]), "ann", [0, 1])
        assert seen(chat, cursor) == ([], cursor)
        commit()
    rows, _ = seen(chat, cursor)
    assert [row["prompt"][0]["content"] for row in rows] == ["Slow", "Quick"]


def test_a_writer_who_commits_soon_is_waited_for() -> None:
    chat = project()
    judge(task(chat, "First", ["a", "b"]), "ann", [0, 1])
    _, cursor = seen(chat)
    with slow_writer(chat) as commit:
        judge(task(chat, "Quick", ["a", "b"]), "ann", [0, 1])
        threading.Timer(0.1, commit).start()
        rows, _ = seen(chat, cursor)
    assert [row["prompt"][0]["content"] for row in rows] == ["Slow", "Quick"]


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "9" * 30, "١"])
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError, match="since: "):
        comparisons_since(project(), cursor)


def test_it_walks_along_one_index_from_its_cursor_on() -> None:
    """The first rows do not wait for the last, and what is behind the cursor is not read again."""
    chat = project()
    for n in range(3):
        judge(task(chat, f"Prompt {n}", ["a", "b"]), "ann", [0, 1])
    values = {"project": chat.pk, "criterion": "overall", "after": 1, "settled": 2, "limit": 10_000}
    with consistent_view() as view, view.cursor() as cursor:
        plan_for_first_rows(view)
        cursor.execute("EXPLAIN (FORMAT JSON) DECLARE rows CURSOR FOR " + tail.ROWS, values)
        made = cursor.fetchone()[0][0]["Plan"]
    ways = [node for node in nodes(made) if node.get("Index Name") == "judgement_current"]
    assert ["id > " in way["Index Cond"] for way in ways] == [True, True], made
    assert not [node for node in nodes(made) if node["Node Type"] in {"Seq Scan", *WHOLE}], made
    sorts = [node["Sort Key"] for node in nodes(made) if node["Node Type"] == "Sort"]
    assert all("text_hash" in key for (key,) in sorts), made  # a task's answers, and nothing else
