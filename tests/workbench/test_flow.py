"""What the page's outbox and prefetching ask of the server: JSON answers, the next task's part, leases that end."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation import assignment as leases
from annotation.models import Assignment, Judgement, Person, Project
from tests.load.plans import recorded

Ranks = Callable[..., dict[str, str]]
Url = Callable[[str], str]
AHEAD = "/p/letters/work/ahead/"
JSON = {"Accept": "application/json"}


def test_it_works(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    part = page.post(AHEAD, {"now": task.pk})
    html = part.content.decode()
    assert html.strip().startswith('<section id="task"')
    assert str(task.pk) not in html
    saved = page.post(url("submit"), ranks(task, 2, 1, 3, 4), headers=JSON).json()
    assert saved["words"] == "Saved: B > A > C > D"
    assert "1 judged" in saved["today"]
    again = page.post(url("submit"), ranks(task, 2, 1, 3, 4), headers=JSON).json()  # the answer was lost on the way
    assert again["words"] == saved["words"]
    assert Judgement.objects.count() == 1
    assert "message success" not in page.get("/p/letters/work/").content.decode()  # said once, by the script


def test_the_calls_of_a_page_ask_little_of_the_database(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    """Who asks, and where; the task; what stands beside it. Those that stay prepared are not Django's to count."""
    page.get("/p/letters/work/")  # what is cached is
    for statements, call in (
        (6, lambda: page.get("/p/letters/work/")),
        (6, lambda: page.post(AHEAD, {"now": task.pk, "holding": task.pk})),
        (4, lambda: page.post(url("submit"), ranks(task, 2, 1, 3, 4), headers=JSON)),
    ):
        with recorded() as prepared, CaptureQueriesContext(connection) as others:
            assert call().status_code == 200
        assert len(prepared) + len(others) <= statements


def test_what_the_page_has_ahead_is_only_kept_for_it(page: Client, task: Assignment, annotator: Person) -> None:
    page.post(AHEAD, {"now": task.pk})
    ahead = Assignment.objects.live().exclude(pk=task.pk).get()
    assert page.post(AHEAD, {"now": task.pk, "have": ahead.pk}).status_code == 204
    held = {"now": task.pk, "holding": [ahead.pk]}
    third = page.post(AHEAD, held)
    assert third.status_code == 200
    every = list(Assignment.objects.live().values_list("pk", flat=True))
    assert page.post(AHEAD, {"now": task.pk, "holding": every}).status_code == 204  # nobody hoards
    assert page.get("/p/letters/work/", {"holding": [task.pk, "no uuid"]}).status_code == 200


def test_a_task_that_went_to_somebody_else_is_said_to_be_gone(
    page: Client, task: Assignment, project: Project, second_annotator: Person
) -> None:
    project.tasks.exclude(pk=task.task_id).delete()
    leases.give_back(person=task.person, project=project)
    assert leases.lease_next(person=second_annotator, project=project).task_id == task.task_id
    assert page.post(AHEAD, {"now": task.pk}).status_code == 409


def test_a_closed_page_gives_up_what_was_ahead(page: Client, task: Assignment) -> None:
    page.post(AHEAD, {"now": task.pk})
    ahead = Assignment.objects.live().exclude(pk=task.pk).get()
    assert page.post("/p/letters/work/leave/", {"holding": [ahead.pk]}).status_code == 204
    assert Assignment.objects.get(pk=ahead.pk).expires_at < ahead.expires_at


def test_refusals_are_sentences(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    refused = page.post(url("submit"), ranks(task, 2, 1), headers=JSON)
    assert refused.status_code == 422
    assert refused.json()["words"] == "C, D have no rank yet."
    assert page.post(url("skip"), {"reason": "unsure"}, headers=JSON).json()["level"] == "info"
    late = page.post(url("submit"), ranks(task, 1, 2, 3, 4), headers=JSON)
    assert late.json()["level"] == "warning"


@pytest.mark.parametrize("path", [AHEAD, "/p/letters/work/leave/"])
def test_outsiders_find_nothing(
    signed_in: Callable[[Person], Client], project: Project, outsider: Person, viewer: Person, path: str
) -> None:
    for person in (outsider, viewer):
        assert signed_in(person).post(path).status_code == 404
