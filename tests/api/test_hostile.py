"""A client that sends nonsense is told so; it never meets an error of ours, and leaves nothing broken behind."""

import json
import math
from base64 import b64encode
from collections.abc import Callable

import pytest
from rest_framework.response import Response
from rest_framework.test import APIClient

from annotation.models import Generator, Judgement, Person, Project, WorkDay
from workers.models import Job

Api = Callable[[Person], APIClient]
Fill = Callable[[int], None]
NUL, BROKEN = "a\0b", "\ud800"


def send(client: APIClient, method: str, path: str, body: object) -> Response:
    """JSON in ASCII, as the standard library writes it: broken surrogates travel as escapes."""
    return client.generic(method, path, json.dumps(body), content_type="application/json")


def assignment(client: APIClient, project: Project) -> tuple[str, list[int]]:
    """The address for the judgement of the next task, and its samples."""
    given = client.post(f"/api/v1/projects/{project.slug}/next/").json()
    return f"/api/v1/assignments/{given['assignment']}/judgement/", [s["id"] for s in given["task"]["samples"]]


@pytest.mark.parametrize("name", [NUL, BROKEN, "x" * 200])
@pytest.mark.parametrize("field", ["ratings", "flags"])
def test_names_that_cannot_be_kept(
    api: Api, annotator: Person, project: Project, fill: Fill, field: str, name: str
) -> None:
    fill(1)
    client = api(annotator)
    where, ids = assignment(client, project)
    sent = {"ranking": [ids], field: {str(ids[0]): {name: 1}}}
    assert send(client, "PUT", where, sent).status_code == 400
    assert send(client, "PUT", where, {"rankings": {name: [ids]}}).status_code == 400
    assert send(client, "PUT", where, {"ranking": [ids], field: {name: {"good": 1}}}).status_code == 400


@pytest.mark.parametrize("number", ["NaN", "Infinity", 10**400])
def test_numbers_that_are_none(api: Api, annotator: Person, project: Project, fill: Fill, number: object) -> None:
    """A NaN among the seconds would make the person's day NaN, and stay there whatever they add."""
    fill(1)
    client = api(annotator)
    where, ids = assignment(client, project)
    assert client.put(where, {"ranking": [ids], "seconds": number}).status_code == 400
    assert client.put(where, {"ranking": [ids], "ratings": {str(ids[0]): {"q": number}}}).status_code == 400
    assert not Judgement.objects.exists()
    assert not any(math.isnan(day.seconds) for day in WorkDay.objects.all())


@pytest.mark.parametrize("position", ["abc", "1.5", "\0", "-1", "9" * 40])
def test_a_made_up_cursor_is_nothing(api: Api, owner: Person, project: Project, position: str) -> None:
    cursor = b64encode(f"p={position}".encode()).decode()
    for path in ("", f"{project.slug}/snapshots/", f"{project.slug}/reward-models/"):
        assert api(owner).get(f"/api/v1/projects/{path}", {"cursor": cursor}).status_code == 404


def test_a_member_of_an_impossible_name(api: Api, owner: Person, project: Project, outsider: Person) -> None:
    """And nobody whose name is nearly the same gets the role."""
    where = f"/api/v1/projects/{project.slug}/members/ot%00to/"
    assert api(owner).put(where, {"role": "manager"}).status_code == 404
    assert project.role_of(outsider) is None


def test_an_error_may_quote_what_no_utf8_holds(api: Api, owner: Person, project: Project) -> None:
    answer = send(api(owner), "PUT", f"/api/v1/projects/{project.slug}/members/olga/", {"role": BROKEN})
    assert answer.status_code == 400
    assert BROKEN in answer.json()["errors"]["role"][0]


def test_a_token_of_odd_bytes_is_a_wrong_token(api: Api, owner: Person, client: APIClient) -> None:
    assert client.get("/api/v1/projects/", headers={"authorization": "Token \xff\xfe"}).status_code == 401


@pytest.mark.parametrize("location", ["http://elsewhere.example/v1", "http://[::1/v1", "nonsense"])
def test_a_refused_generator_is_not_kept(api: Api, owner: Person, project: Project, fill: Fill, location: str) -> None:
    fill(1)
    wishes = {"generator": {"name": "mine", "backend": "openai", "location": location}, "per_prompt": 9}
    answer = api(owner).post(f"/api/v1/projects/{project.slug}/generations/", wishes)
    assert answer.status_code == 422, answer.content
    assert not Generator.objects.filter(name="mine").exists()


def test_a_generator_for_nothing_is_not_kept(api: Api, owner: Person, project: Project) -> None:
    wishes = {"generator": {"name": "mine", "backend": "openai", "location": "http://127.0.0.1:9/v1"}}
    assert api(owner).post(f"/api/v1/projects/{project.slug}/generations/", wishes).status_code == 422
    assert not Generator.objects.filter(name="mine").exists()


@pytest.mark.parametrize("more", [{"policy_iteration": 2**31}, {"parameters": {"x": {"y": {"z": [[[[[1]]]]]}}}}])
def test_a_generator_that_no_column_holds(api: Api, owner: Person, project: Project, more: dict) -> None:
    generator = {"name": "mine", "backend": "openai", "location": "http://127.0.0.1:9/v1", **more}
    answer = api(owner).post(f"/api/v1/projects/{project.slug}/generations/", {"generator": generator})
    assert answer.status_code == 400


def test_a_generator_s_parameters_are_cleaned(api: Api, owner: Person, project: Project, fill: Fill) -> None:
    fill(1)
    generator = {"name": "mine", "backend": "openai", "location": "http://127.0.0.1:9/v1"}
    wishes = {"generator": {**generator, "parameters": {NUL: BROKEN}}, "per_prompt": 9}
    answer = send(api(owner), "POST", f"/api/v1/projects/{project.slug}/generations/", wishes)
    assert answer.status_code == 202, answer.content
    assert Generator.objects.get(name="mine").parameters == {"ab": "\ufffd"}


@pytest.mark.parametrize("config", [{"project": 1}, {"by": 1}, {"nothing": 1}, {"base": {"a": {"b": [[[[[[]]]]]]}}}])
def test_settings_that_no_training_has(
    api: Api, owner: Person, annotator: Person, project: Project, fill: Fill, config: dict
) -> None:
    fill(1)
    client = api(annotator)
    where, ids = assignment(client, project)
    assert client.put(where, {"ranking": [[pk] for pk in ids]}).status_code == 200
    answer = api(owner).post(f"/api/v1/projects/{project.slug}/reward-models/", {"config": config})
    assert answer.status_code == 400, answer.content
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        {"languages": [NUL]},
        {"categories": [BROKEN]},
        {"criterion": NUL},
        {"criterion": BROKEN},
        {"since": "9999-12-31T23:59:59-23:59"},
        {"until": "0001-01-01T00:00:00+23:59"},
    ],
)
def test_a_query_that_cannot_be_kept(api: Api, owner: Person, project: Project, query: dict) -> None:
    answer = send(api(owner), "POST", f"/api/v1/projects/{project.slug}/snapshots/", query)
    assert answer.status_code == 422, answer.content
