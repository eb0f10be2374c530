"""A token does what it was made for and nothing else, whatever its person may do besides."""

from collections.abc import Callable

import pytest
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from annotation import projects
from annotation.models import Person, Project
from webapp.accounts.tokens import make_token
from webapp.api.grants import NEEDED, needed
from webapp.api.urls import urlpatterns
from webapp.models import Right, TokenGrant

Fill = Callable[[int], None]


def client(person: Person, *rights: str, project: Project | None = None) -> APIClient:
    _, token = make_token(person=person, lifetime=None, name="test", project=project, rights=rights or Right.values)
    made = APIClient()
    made.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return made


def test_it_works(owner: Person, project: Project, fill: Fill) -> None:
    fill(1)
    reader = client(owner, Right.READ)
    assert reader.get("/api/v1/projects/letters/").status_code == 200
    assert reader.get("/api/v1/projects/letters/comparisons/").status_code == 200
    refused = reader.post("/api/v1/projects/letters/snapshots/")
    assert refused.status_code == 403
    assert "token" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("path", "right"),
    [
        ("projects/letters/next/", Right.JUDGE),
        ("projects/letters/prompts/", Right.CONTRIBUTE),
        ("projects/letters/snapshots/", Right.RUN),
        ("projects/", Right.MANAGE),
    ],
)
def test_each_right_opens_its_own_calls(owner: Person, project: Project, path: str, right: Right) -> None:
    others = [other for other in Right.values if other != right]
    assert client(owner, *others).post(f"/api/v1/{path}", {}).status_code == 403
    assert client(owner, right).post(f"/api/v1/{path}", {}).status_code != 403


def test_a_right_does_not_widen_a_role(annotator: Person, project: Project) -> None:
    assert client(annotator, Right.RUN).post("/api/v1/projects/letters/snapshots/").status_code == 403


def test_a_token_for_one_project_knows_no_other(owner: Person, project: Project, fill: Fill) -> None:
    fill(1)
    other = projects.create(by=owner, slug="poems", name="Poems")
    confined = client(owner, project=other)
    assert [p["slug"] for p in confined.get("/api/v1/projects/").json()["results"]] == ["poems"]
    assert confined.get("/api/v1/projects/letters/").status_code == 404
    assert confined.post("/api/v1/projects/letters/next/").status_code == 404
    assert confined.post("/api/v1/projects/", {"name": "Third"}).status_code == 403
    given = client(owner).post("/api/v1/projects/letters/next/").json()
    assert confined.post(f"/api/v1/assignments/{given['assignment']}/skip/").status_code == 404
    assert client(owner, project=project).post(f"/api/v1/assignments/{given['assignment']}/skip/").status_code == 204


def test_its_last_use_is_kept_to_the_minute(owner: Person, project: Project) -> None:
    reader = client(owner, Right.READ)
    assert TokenGrant.objects.get().last_used_at is None
    reader.get("/api/v1/projects/")
    first = TokenGrant.objects.get().last_used_at
    reader.get("/api/v1/projects/")
    assert first is not None
    assert TokenGrant.objects.get().last_used_at == first


def test_a_token_made_before_there_were_grants_may_do_all(api: Callable[[Person], APIClient], owner: Person) -> None:
    assert api(owner).post("/api/v1/projects/", {"name": "New"}).status_code == 201


def test_too_many_calls_are_asked_to_wait(settings: Settings, owner: Person) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    reader = client(owner, Right.READ)
    answers = [reader.get("/api/v1/projects/") for _ in range(8)]  # a minute may begin in between, not two
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert 0 <= int(refused[0]["Retry-After"]) <= 60
    assert refused[0]["Content-Type"].startswith("application/problem+json")


def test_every_call_that_changes_something_says_what_it_needs() -> None:
    """A new path is for managers until somebody has thought about it; a name in the table is one of a path."""
    names = {pattern.name for pattern in urlpatterns}
    assert NEEDED.keys() - names <= {"near_copies", "undo", "snapshot_link"}
    assert needed("POST", "a path of tomorrow") == Right.MANAGE
    assert needed("GET", "a path of tomorrow") == Right.READ
