from collections.abc import Callable

import pytest
from django.test import Client

from annotation import projects
from annotation.models import Assignment, Membership, Person, Project

Ranks = Callable[..., dict[str, str]]
SignedIn = Callable[[Person], Client]


def test_home_lists_my_projects(signed_in: SignedIn, annotator: Person, viewer: Person, outsider: Person) -> None:
    assert "Go to work" in signed_in(annotator).get("/").content.decode()
    seen_by_viewer = signed_in(viewer).get("/").content.decode()
    assert "/p/letters/dashboard/" in seen_by_viewer
    assert "Go to work" not in seen_by_viewer
    nothing = signed_in(outsider).get("/").content.decode()
    assert "Letters" not in nothing
    assert "No project yet" in nothing


def test_the_guideline_is_read_first_and_again_when_it_changes(
    page: Client, project: Project, annotator: Person, owner: Person
) -> None:
    assert "I have read it: start" in page.get("/p/letters/").content.decode()
    assert page.post("/p/letters/guideline/read/", {"version": "1"})["Location"] == "/p/letters/work/"
    assert Membership.objects.get(person=annotator).guideline_read == 1
    assert "I have read it: start" not in page.get("/p/letters/").content.decode()
    projects.write_guideline(project=project, text="# Rank\nWorst last.", by=owner)
    assert "changed since you last read it" in page.get("/p/letters/").content.decode()
    page.post("/p/letters/guideline/read/", {"version": "1"})  # a page that was open since before the change
    assert "changed since you last read it" in page.get("/p/letters/").content.decode()


@pytest.mark.parametrize("path", ["", "guideline/", "work/", "mine/"])
def test_outsiders_find_nothing(signed_in: SignedIn, project: Project, outsider: Person, path: str) -> None:
    assert signed_in(outsider).get(f"/p/letters/{path}").status_code == 404


def test_viewers_look_and_do_not_judge(signed_in: SignedIn, viewer: Person) -> None:
    client = signed_in(viewer)
    assert client.get("/p/letters/")["Location"] == "/p/letters/dashboard/"
    assert client.get("/p/letters/guideline/").status_code == 200
    assert client.get("/p/letters/mine/").status_code == 404


def test_mine_lists_my_judgements_newest_first(page: Client, task: Assignment, ranks: Ranks) -> None:
    page.post(f"/p/letters/work/{task.pk}/submit/", ranks(task, 2, 1, 1, 3))
    html = page.get("/p/letters/mine/").content.decode()
    assert "B = C &gt; A &gt; D" in html
    assert f"/p/letters/work/{task.pk}/" in html
    assert "Nothing judged yet" in page.get("/p/letters/mine/?before=1").content.decode()
    assert page.get("/p/letters/mine/?before=x").status_code == 200


def test_an_archived_project_gives_no_new_work(page: Client, task: Assignment, project: Project, ranks: Ranks) -> None:
    project.archived_at = task.leased_at
    project.save()
    assert str(task.pk) in page.get("/p/letters/work/").content.decode()  # what is in hand may be finished
    page.post(f"/p/letters/work/{task.pk}/submit/", ranks(task, 1, 2, 3, 4))
    assert "archived" in page.get("/p/letters/work/").content.decode()
