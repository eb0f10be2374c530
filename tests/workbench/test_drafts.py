from collections.abc import Callable

from django.test import Client

from annotation.models import Assignment

Ranks = Callable[..., dict[str, str]]
Url = Callable[[str], str]


def test_it_works(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    answer = page.post(url("draft"), ranks(task, 2, comment="not done yet", seconds="4", stranger="x"))
    assert answer.status_code == 204
    task.refresh_from_db()
    assert task.draft == {f"rank-{task.shown[0]}": "2", "comment": "not done yet", "seconds": "4"}
    html = page.get("/p/letters/work/").content.decode()
    assert "not done yet" in html
    assert 'name="seconds" value="4"' in html


def test_a_judged_task_takes_no_draft(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    page.post(url("submit"), ranks(task, 1, 2, 3, 4))
    assert page.post(url("draft"), ranks(task, 4, 3, 2, 1)).status_code == 409
    task.refresh_from_db()
    assert task.draft is None


def test_odd_characters_and_lengths_are_kept_within_bounds(page: Client, task: Assignment, url: Url) -> None:
    assert page.post(url("draft"), {"comment": "a\0b" + "x" * 50_000}).status_code == 204
    task.refresh_from_db()
    assert task.draft["comment"].startswith("abx")
    assert len(task.draft["comment"]) < 10_001
