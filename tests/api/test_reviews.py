"""Adjudication over the API: reviewers see what judges said without who said it, and rule; judges of a task do not."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from annotation.models import Membership, Person, Project, Review, Role, Task
from tests.api.test_grants import client
from tests.conftest import person
from tests.console.test_reviews import judge
from webapp.models import Right

Api = Callable[[Person], APIClient]
Fill = Callable[[int], None]
PATH = "/api/v1/projects/letters/reviews/"


@pytest.fixture
def reviewer(project: Project) -> Person:
    who = person("rita")
    Membership.objects.create(project=project, person=who, role=Role.REVIEWER)
    return who


@pytest.fixture
def disputed(fill: Fill, project: Project, annotator: Person, second_annotator: Person) -> Task:
    fill(2)
    task = project.tasks.order_by("pk")[0]
    judge(task, annotator, [[pk] for pk in task.sample_ids], comment="A is clear")
    judge(task, second_annotator, [[pk] for pk in task.sample_ids[::-1]])
    Task.objects.filter(pk=task.pk).update(review_wanted_at=timezone.now())
    return Task.objects.get(pk=task.pk)


def of(task: Task) -> str:
    return f"{PATH}{task.pk}/"


def test_it_works(api: Api, reviewer: Person, disputed: Task) -> None:
    [waiting] = api(reviewer).get(PATH).json()["results"]
    assert (waiting["task"], waiting["judged"], waiting["samples"]) == (disputed.pk, 2, disputed.sample_ids)
    shown = api(reviewer).get(of(disputed)).json()
    orders = sorted(said["rankings"]["overall"] for said in shown["judgements"])
    assert orders == sorted([[[pk] for pk in ids] for ids in (disputed.sample_ids, disputed.sample_ids[::-1])])
    assert {said["agreement"] for said in shown["judgements"]} == {0}
    assert [sample["id"] for sample in shown["texts"]] == disputed.sample_ids
    assert (shown["messages"][0]["role"], shown["ruling"]) == ("user", None)
    a, b, c, d = disputed.sample_ids
    sent = {"verdict": "overruled", "ranking": [[b], [a, c], [d]], "note": "B cites its source."}
    ruled = api(reviewer).put(of(disputed), sent, format="json")
    assert ruled.status_code == 200
    assert ruled.json()["rankings"] == {"overall": [[b], [a, c], [d]]}
    assert api(reviewer).get(PATH).json()["results"] == []
    assert api(reviewer).get(of(disputed)).json()["ruling"]["note"] == "B cites its source."


def test_a_word_can_be_changed(api: Api, reviewer: Person, disputed: Task) -> None:
    api(reviewer).put(of(disputed), {"verdict": "discarded"}, format="json")
    assert Task.objects.get(pk=disputed.pk).withdrawn_at
    api(reviewer).put(of(disputed), {"verdict": "confirmed"}, format="json")
    assert not Task.objects.get(pk=disputed.pk).withdrawn_at
    assert Review.objects.get().verdict == "confirmed"


def test_nobody_is_named(api: Api, reviewer: Person, disputed: Task) -> None:
    text = api(reviewer).get(of(disputed)).content.decode()
    for hidden in ("anna", "ben", '"m"', "person", "generator"):
        assert hidden not in text


def test_others_find_nothing(
    api: Api, owner: Person, annotator: Person, viewer: Person, outsider: Person, disputed: Task, project: Project
) -> None:
    for who, refusal in ((annotator, 403), (viewer, 403), (outsider, 404)):
        assert [api(who).get(path).status_code for path in (PATH, of(disputed))] == [refusal, refusal]
        assert api(who).put(of(disputed), {"verdict": "confirmed"}, format="json").status_code == refusal
    judge(disputed, owner, [[pk] for pk in disputed.sample_ids])
    assert api(owner).get(PATH).json()["results"] == []
    assert api(owner).get(of(disputed)).status_code == 404
    other = project.tasks.exclude(pk=disputed.pk).get()
    assert api(owner).get(of(other)).status_code == 404
    assert not Review.objects.exists()


def test_it_takes_the_right_to_judge(reviewer: Person, disputed: Task) -> None:
    others = [right for right in Right.values if right != Right.JUDGE]
    assert client(reviewer, *others).put(of(disputed), {"verdict": "confirmed"}, format="json").status_code == 403
    assert client(reviewer, Right.JUDGE).put(of(disputed), {"verdict": "confirmed"}, format="json").status_code == 200


def test_half_a_ruling_is_refused_in_words(api: Api, reviewer: Person, disputed: Task) -> None:
    for bad in ({}, {"verdict": "maybe"}, {"verdict": "overruled", "ranking": "best"}):
        assert api(reviewer).put(of(disputed), bad, format="json").status_code == 400
    ids = disputed.sample_ids
    for orders in ({}, {"ranking": [ids[:2]]}, {"rankings": {"charm": [ids]}}):
        refused = api(reviewer).put(of(disputed), {"verdict": "overruled", **orders}, format="json")
        assert refused.status_code == 422
        assert refused.json()["detail"].endswith(".")
    refused = api(reviewer).put(of(disputed), {"verdict": "confirmed", "ranking": [ids]}, format="json")
    assert refused.status_code == 422
    assert not Review.objects.exists()


def test_the_main_order_twice_is_refused(api: Api, reviewer: Person, disputed: Task) -> None:
    ids = [disputed.sample_ids]
    sent = {"verdict": "overruled", "ranking": ids, "rankings": {"overall": ids}}
    assert api(reviewer).put(of(disputed), sent, format="json").status_code == 400


def test_a_page_costs_the_same_however_long(
    api: Api, reviewer: Person, fill: Fill, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fill(12)
    Task.objects.update(review_wanted_at=timezone.now())
    with django_assert_max_num_queries(4):
        page = api(reviewer).get(PATH, {"page_size": 10}).json()
    assert len(page["results"]) == 10
    assert len(api(reviewer).get(page["next"]).json()["results"]) == 2
