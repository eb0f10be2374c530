"""People see what waits for them by kind of work, and may choose a kind or take whatever comes."""

from collections.abc import Callable

import pytest
from django.test import Client

from annotation import wishes
from annotation.models import Assignment, Membership, Person, Project

Fill = Callable[[int], None]


@pytest.fixture
def wanted(project: Project, owner: Person, fill: Fill) -> Project:
    fill(2)
    wishes.ask_for_prompts(project=project, by=owner, number=1, language="en")
    Membership.objects.update(guideline_read=1)
    return project


def test_it_works(page: Client, wanted: Project) -> None:
    Membership.objects.update(guideline_read=1)
    for where in ("/", "/p/letters/"):
        html = page.get(where).content.decode()
        assert "What waits for you" in html
        assert "/p/letters/work/?kind=write_prompt" in html
    assert "Rank the answers" in page.get("/p/letters/work/").content.decode()
    chosen = page.get("/p/letters/work/?kind=write_prompt")
    assert chosen["Location"] == "/p/letters/work/"
    html = page.get("/p/letters/work/").content.decode()
    assert "Only: Write a prompt" in html
    assert "Your prompt" in html
    assert "Rank the answers" in page.get("/p/letters/work/?kind=any", follow=True).content.decode()


def test_nothing_of_the_chosen_kind_is_no_dead_end(page: Client, wanted: Project) -> None:
    html = page.get("/p/letters/work/?kind=rate", follow=True).content.decode()
    assert "There is no more work of the kind that you chose: Rate answers." in html
    assert "?kind=any" in html
    assert "Rank the answers" in page.get("/p/letters/work/?kind=nonsense", follow=True).content.decode()


def test_the_next_one_is_of_the_kind_too(page: Client, wanted: Project) -> None:
    wishes.ask_for_prompts(project=wanted, by=wanted.created_by, number=1, language="en")
    page.get("/p/letters/work/?kind=write_prompt")
    first = page.get("/p/letters/work/").context["assignment"]
    ahead = page.post("/p/letters/work/ahead/", {"now": str(first.pk)})
    assert "Your prompt" in ahead.content.decode()


def test_choosing_gives_back_what_was_not_begun(page: Client, wanted: Project) -> None:
    first = page.get("/p/letters/work/").context["assignment"]
    page.post("/p/letters/work/ahead/", {"now": str(first.pk)})
    page.post(f"/p/letters/work/{first.pk}/draft/", {"comment": "begun"})
    page.get("/p/letters/work/?kind=write_prompt")
    held = Assignment.objects.live().values_list("pk", flat=True)
    assert list(held) == [first.pk]


def test_who_only_reads_sees_no_work(signed_in: Callable[[Person], Client], wanted: Project, viewer: Person) -> None:
    assert "What waits for you" not in signed_in(viewer).get("/").content.decode()
    assert signed_in(viewer).get("/p/letters/work/?kind=rank").status_code == 404
