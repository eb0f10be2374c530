"""Gold over the API: managers make, change and give it up; who reads the data sees how people do; nobody else knows."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from annotation import judging
from annotation.assignment import lease_next
from annotation.models import Gold, Person, Project, Task
from tests.api.test_grants import client
from webapp.models import Right

Api = Callable[[Person], APIClient]
Fill = Callable[[int], None]
PATH = "/api/v1/projects/letters/gold/"


@pytest.fixture
def task(project: Project, fill: Fill) -> Task:
    fill(40)
    return project.tasks.order_by("pk")[0]


def order(task: Task) -> list[list[int]]:
    a, b, c, d = task.sample_ids
    return [[c], [a, b], [d]]


def test_it_works(api: Api, owner: Person, annotator: Person, project: Project, task: Task) -> None:
    sent = {"task": task.pk, "ranking": order(task), "explanation": "C says *why*."}
    made = api(owner).post(PATH, sent, format="json")
    assert made.status_code == 201
    body = made.json()
    assert (body["task"], body["ranking"], body["explanation"]) == (task.pk, order(task), "C says *why*.")
    assert (body["purpose"], body["created_by"], body["right"]["n"]) == ("gold", "olga", 0)
    project.gold_share = 0.5  # the dice are the person's: with forty draws one is of gold
    project.save()
    while (given := lease_next(person=annotator, project=project)).task_id != task.pk:
        judging.submit(assignment=given, verdict=judging.Verdict(judging.overall([[pk] for pk in given.shown])))
    judging.submit(assignment=given, verdict=judging.Verdict(judging.overall(order(task))))
    [listed] = api(owner).get(PATH).json()["results"]
    assert (listed["right"]["value"], listed["right"]["n"]) == (1, 1)
    assert api(owner).get(made["Location"]).json() == listed
    assert api(owner).delete(made["Location"]).status_code == 204
    assert not Gold.objects.exists()
    assert api(owner).delete(made["Location"]).status_code == 404


def test_the_same_task_again_is_a_change(api: Api, owner: Person, task: Task) -> None:
    api(owner).post(PATH, {"task": task.pk, "ranking": order(task)}, format="json")
    sent = {"task": task.pk, "ranking": order(task)[::-1], "purpose": "qualification"}
    changed = api(owner).post(PATH, sent, format="json")
    assert changed.status_code == 200
    assert (changed.json()["ranking"], changed.json()["purpose"]) == (order(task)[::-1], "qualification")
    assert Gold.objects.count() == 1


def test_others_find_nothing(
    api: Api, owner: Person, annotator: Person, viewer: Person, outsider: Person, task: Task
) -> None:
    sent = {"task": task.pk, "ranking": order(task)}
    one = f"{PATH}{task.pk}/"
    api(owner).post(PATH, sent, format="json")
    assert [api(viewer).get(path).status_code for path in (PATH, one)] == [200, 200]
    for person, refusal in ((annotator, 403), (outsider, 404)):
        assert [api(person).get(path).status_code for path in (PATH, one)] == [refusal, refusal]
    for person, refusal in ((annotator, 403), (outsider, 404), (viewer, 403)):
        assert api(person).post(PATH, sent, format="json").status_code == refusal
        assert api(person).delete(one).status_code == refusal
    assert Gold.objects.exists()


def test_it_takes_the_right_to_manage(owner: Person, task: Task) -> None:
    sent = {"task": task.pk, "ranking": order(task)}
    others = [right for right in Right.values if right != Right.MANAGE]
    assert client(owner, *others).post(PATH, sent, format="json").status_code == 403
    assert client(owner, Right.MANAGE).post(PATH, sent, format="json").status_code == 201
    assert client(owner, *others).delete(f"{PATH}{task.pk}/").status_code == 403


def test_what_does_not_fit_is_refused_in_words(api: Api, owner: Person, task: Task) -> None:
    manager, whole = api(owner), order(task)
    for bad in ({}, {"task": task.pk}, {"task": 2**62, "ranking": whole}, {"task": task.pk, "ranking": [[]]}):
        assert manager.post(PATH, bad, format="json").status_code == 400
    for ranking in (whole[:2], [task.sample_ids], [*whole, [10**9]]):
        refused = manager.post(PATH, {"task": task.pk, "ranking": ranking}, format="json")
        assert refused.status_code == 422
        assert refused.json()["detail"].endswith(".")
    assert manager.get(f"{PATH}{2**80}/").status_code == 404
    assert not Gold.objects.exists()


def test_a_page_costs_the_same_however_long(
    api: Api, owner: Person, project: Project, fill: Fill, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fill(12)
    manager = api(owner)
    for task in project.tasks.all():
        manager.post(PATH, {"task": task.pk, "ranking": order(task)}, format="json")
    with django_assert_max_num_queries(6):
        page = manager.get(PATH, {"page_size": 10}).json()
    assert len(page["results"]) == 10
    assert len(manager.get(page["next"]).json()["results"]) == 2
