"""Calls with a token skip what serves pages; calls with a session do not."""

import socket
from collections.abc import Callable

from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from annotation.models import Person, Project
from webapp.api import throttling

Api = Callable[[Person], APIClient]


def test_it_works(api: Api, annotator: Person, project: Project) -> None:
    answer = api(annotator).get("/api/v1/projects/")
    assert answer.status_code == 200
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    assert answer["Content-Length"] == str(len(answer.content))


def test_a_signed_in_browser_reads_the_api_too(signed_in: Callable[[Person], Client], annotator: Person) -> None:
    assert signed_in(annotator).get("/api/v1/projects/").status_code == 200


def test_nobody_gets_in_by_another_scheme(annotator: Person, client: Client) -> None:
    for said in ("", "Token", "Token x", "Token " + "0" * 64, "Bearer x", "Token a b", "Token é"):
        assert client.get("/api/v1/projects/", HTTP_AUTHORIZATION=said).status_code == 401, said


def test_errors_are_the_same_problems(api: Api, annotator: Person) -> None:
    client = api(annotator)
    for path in ("/api/v1/nothing/", "/api/v1/projects/none/", "/api/nothing"):
        answer = client.get(path)
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json"), path
        assert answer["Content-Length"] == str(len(answer.content)), path


def test_a_broker_that_does_not_answer_holds_nobody_up(api: Api, annotator: Person, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        throttling._redis.cache_clear()
        throttling._tallies.clear()
        try:
            assert api(annotator).get("/api/v1/projects/").status_code == 200
        finally:
            throttling._redis.cache_clear()


def test_words_are_in_the_callers_language(api: Api, annotator: Person) -> None:
    client = api(annotator)
    said = [
        client.delete("/api/v1/projects/", HTTP_ACCEPT_LANGUAGE=language).json()["detail"] for language in ("zh", "en")
    ]
    assert said[0] != said[1]


def test_what_expired_or_belongs_to_who_left_no_longer_works(api: Api, annotator: Person) -> None:
    client = api(annotator)
    Person.objects.filter(pk=annotator.pk).update(is_active=False)
    assert client.get("/api/v1/projects/").status_code == 401
