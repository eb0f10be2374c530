"""Undo, reports, pause and looking back without a browser: what they do, to whom, and when no longer."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from annotation import projects
from annotation.models import Assignment, Judgement, Membership, Person, Project, Report

Ranks = Callable[..., dict[str, str]]
Url = Callable[[str], str]
JSON = {"Accept": "application/json"}


def test_it_works(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    page.post(url("submit"), ranks(task, 2, 1, 1, 3, comment="too quick"))
    taken_back = page.post(url("undo"), headers=JSON)
    assert taken_back.status_code == 200
    assert "0 judged" in taken_back.json()["today"]
    assert not Judgement.objects.current().exists()
    html = page.get("/p/letters/work/").content.decode()
    assert "too quick" in html
    assert html.count(" checked") - html.count('id="keys-on" checked') == 4
    assert page.post(url("undo"), headers=JSON).status_code == 200  # the first answer was lost on the way
    page.post(url("submit"), ranks(task, 1, 2, 3, 4))
    assert Judgement.objects.current().get().revision == 2


def test_what_is_over_is_not_undone(page: Client, task: Assignment, project: Project, ranks: Ranks, url: Url) -> None:
    page.post(url("submit"), ranks(task, 1, 2, 3, 4))
    Project.objects.update(archived_at=timezone.now())
    refused = page.post(url("undo"), headers=JSON)
    assert refused.status_code == 409
    assert "round is over" in refused.json()["words"]
    late = page.post(url("submit"), ranks(task, 4, 3, 2, 1), headers=JSON).json()
    assert late["level"] == "warning"
    assert page.post(url("submit"), ranks(task, 1, 2, 3, 4), headers=JSON).json()["level"] == "success"  # sent again
    assert Judgement.objects.get().revision == 1
    assert "The round is over" in page.get(url("")).content.decode()
    assert 'id="submit"' not in page.get(url("")).content.decode()


def test_reports_of_an_answer_and_of_the_prompt(page: Client, task: Assignment, url: Url) -> None:
    said = {"about": task.shown[2], "reason": "personal", "note": "a telephone number"}
    assert page.post(url("report"), said, headers=JSON).json()["level"] == "info"
    assert page.post(url("report"), {"reason": "unsafe", "skip": "on"}, headers=JSON).status_code == 200
    assert set(Report.objects.values_list("sample_id", "reason", "note")) == {
        (task.shown[2], "personal", "a telephone number"),
        (None, "unsafe", ""),
    }
    task.refresh_from_db()
    assert task.skip_reason == "reported: unsafe"
    assert page.post(url("report"), {"about": 0, "reason": "unsafe"}, headers=JSON).status_code == 422
    assert "choose what is wrong" in page.post(url("report"), {}, follow=True).content.decode()


def test_a_pause_gives_back_and_goes_on_where_one_was(page: Client, task: Assignment, url: Url) -> None:
    page.post(url("draft"), {"comment": "half of it"})
    shown = page.post("/p/letters/pause/", follow=True).content.decode()
    assert "Paused" in shown
    assert f"/p/letters/work/{task.pk}/" in shown
    task.refresh_from_db()
    assert task.state == Assignment.State.EXPIRED
    assert "half of it" in page.get(url("")).content.decode()
    task.refresh_from_db()
    assert task.state == Assignment.State.LEASED


def test_the_day_shows_agreement_only_where_the_project_does(page: Client, project: Project) -> None:
    assert "Others agree" not in page.get("/p/letters/day/").content.decode()
    Project.objects.update(show_agreement=True)
    assert "shown from 10 tasks on" in page.get("/p/letters/day/").content.decode()


def test_mine_by_day(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    page.post(url("submit"), ranks(task, 1, 2, 3, 4))
    today = timezone.localdate().isoformat()
    assert "A &gt; B &gt; C &gt; D" in page.get("/p/letters/mine/", {"day": today}).content.decode()
    assert "Nothing judged on this day" in page.get("/p/letters/mine/", {"day": "2020-01-01"}).content.decode()
    assert "A &gt; B" in page.get("/p/letters/mine/", {"day": "no day"}).content.decode()


def test_what_changed_in_the_guideline_is_shown(page: Client, project: Project, owner: Person) -> None:
    Membership.objects.update(guideline_read=1)
    projects.write_guideline(project=project, text="# Rank\nThe best one first.", by=owner)
    html = page.get("/p/letters/guideline/").content.decode()
    assert "Changed since version 1" in html
    assert "<ins>The best one</ins> first." in html
    assert "<del>Best</del> first." in html


@pytest.mark.parametrize("action", ["undo", "report"])
def test_others_tasks_do_not_exist(
    signed_in: Callable[[Person], Client],
    task: Assignment,
    second_annotator: Person,
    outsider: Person,
    url: Url,
    action: str,
) -> None:
    for person in (second_annotator, outsider):
        assert signed_in(person).post(url(action), {"reason": "unsafe"}).status_code == 404
    for path in ("day", "pause"):
        assert signed_in(outsider).post(f"/p/letters/{path}/").status_code in (404, 405)
