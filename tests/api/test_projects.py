"""Projects and members over the API."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from annotation.models import Membership, Person, Project

Api = Callable[[Person], APIClient]


def test_it_works(api: Api, owner: Person) -> None:
    wishes = {"name": "New", "slug": "new", "preset": "custom", "k": 3, "overlap": 2}
    made = api(owner).post("/api/v1/projects/", wishes)
    assert made.status_code == 201, made.content
    assert made.json()["k"] == 3
    assert api(owner).get("/api/v1/projects/").json()["results"][0]["slug"] == "new"
    changed = api(owner).patch("/api/v1/projects/new/", {"retrain_every": 20, "guideline": "Be kind."})
    assert changed.json()["retrain_every"] == 20
    assert changed.json()["guideline"] == {"version": 1, "text": "Be kind."}


@pytest.mark.parametrize("preset", ["custom", "instructgpt", "llama2", "safe-rlhf", "chat", "helpsteer"])
def test_every_preset_makes_a_project(api: Api, owner: Person, preset: str) -> None:
    made = api(owner).post("/api/v1/projects/", {"name": preset, "slug": preset, "preset": preset})
    assert made.status_code == 201, made.content


def test_a_taken_slug_is_a_conflict(api: Api, owner: Person, project: Project) -> None:
    answer = api(owner).post("/api/v1/projects/", {"name": "x", "slug": project.slug})
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"


def test_bad_values_are_named(api: Api, owner: Person) -> None:
    answer = api(owner).post("/api/v1/projects/", {"name": "x", "k": 1, "preset": "none"})
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"k", "preset"}


def test_roles(api: Api, owner: Person, project: Project, outsider: Person) -> None:
    url = f"/api/v1/projects/{project.slug}/members/otto/"
    assert api(owner).put(url, {"role": "annotator"}).json() == {"username": "otto", "role": "annotator"}
    assert api(owner).put(url, {"role": "manager"}).status_code == 200
    assert Membership.objects.get(person=outsider).role == "manager"
    assert api(owner).put(url, {"role": "emperor"}).status_code == 400
    assert api(outsider).put(url, {"role": "owner"}).status_code == 403


def test_the_last_owner_stays(api: Api, owner: Person, project: Project) -> None:
    assert api(owner).put(f"/api/v1/projects/{project.slug}/members/olga/", {"role": "viewer"}).status_code == 409


def test_an_outsider_sees_nothing(api: Api, project: Project, outsider: Person) -> None:
    client = api(outsider)
    for path in ("", "reward-models/", "snapshots/", "comparisons/"):
        assert client.get(f"/api/v1/projects/{project.slug}/{path}").status_code == 404, path
    for path in ("prompts/", "samples/", "comparisons/", "generations/", "reward-models/", "snapshots/", "next/"):
        assert client.post(f"/api/v1/projects/{project.slug}/{path}", {}).status_code == 404, path
    assert client.get("/api/v1/projects/").json()["results"] == []


def test_who_came_by_invitation_may_not_create_projects(api: Api, outsider: Person) -> None:
    assert api(outsider).post("/api/v1/projects/", {"name": "x"}).status_code == 403


def test_without_a_token_there_is_a_problem(project: Project) -> None:
    answer = APIClient().get("/api/v1/projects/")
    assert answer.status_code == 401
    assert answer.json()["title"] == "Unauthorized"


def test_an_unknown_path_is_a_problem_too(db: None) -> None:
    answer = APIClient().get("/api/v1/nothing/here/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
