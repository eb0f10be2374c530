"""A task over the API: its managers read and steer it, to all others it does not exist."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from annotation.models import Person, Project, Task
from tests.api.test_grants import client
from webapp.models import Right

Api = Callable[[Person], APIClient]
Fill = Callable[[int], None]


@pytest.fixture
def path(project: Project, fill: Fill) -> str:
    fill(1)
    return f"/api/v1/tasks/{project.tasks.get().pk}/"


def test_it_works(api: Api, owner: Person, path: str) -> None:
    found = api(owner).get(path).json()
    assert (found["project"], found["kind"], found["purpose"], found["overlap"]) == ("letters", "rank", "work", 1)
    sent = {"priority": 9, "overlap": 3, "cohort": "poets", "withdrawn": True}
    changed = api(owner).patch(path, sent, format="json")
    assert changed.status_code == 200
    body = changed.json()
    assert (body["priority"], body["overlap"], body["cohort"]) == (9, 3, "poets")
    assert body["withdrawn_at"]
    again = api(owner).patch(path, {"withdrawn": False}, format="json").json()
    assert (again["withdrawn_at"], again["overlap"]) == (None, 3)


def test_others_are_refused(api: Api, annotator: Person, viewer: Person, outsider: Person, path: str) -> None:
    for person, refusal in ((annotator, 403), (viewer, 403), (outsider, 404)):
        assert api(person).get(path).status_code == refusal
        assert api(person).patch(path, {"priority": 9}, format="json").status_code == refusal
    assert Task.objects.get().priority == 4


def test_it_takes_the_right_to_manage(owner: Person, path: str) -> None:
    others = [right for right in Right.values if right != Right.MANAGE]
    assert client(owner, *others).patch(path, {"priority": 9}, format="json").status_code == 403
    assert client(owner, Right.MANAGE).patch(path, {"priority": 9}, format="json").status_code == 200


def test_what_does_not_fit_is_refused_in_words(api: Api, owner: Person, path: str) -> None:
    for bad in ({"priority": 10}, {"overlap": 0}, {"cohort": "x" * 61}, {"withdrawn": "perhaps"}):
        assert api(owner).patch(path, bad, format="json").status_code == 400
    Task.objects.update(overlap=2, taken=2)
    refused = api(owner).patch(path, {"overlap": 1}, format="json")
    assert refused.status_code == 422
    assert "2 people" in refused.json()["detail"]
