"""Prompts, samples and comparisons over the API: all of a body, or each bad row by line and none (promise 7)."""

from collections.abc import Callable

import orjson
import pytest
from rest_framework.test import APIClient

from annotation.models import Judgement, Person, Project, Prompt, Sample, Task

JSON = "application/json"
Api = Callable[[Person], APIClient]


def url(project: Project, what: str) -> str:
    return f"/api/v1/projects/{project.slug}/{what}/"


def ndjson(*rows: object) -> bytes:
    return b"\n".join(row if isinstance(row, bytes) else orjson.dumps(row) for row in rows)


def test_it_works(api: Api, owner: Person, project: Project) -> None:
    client = api(owner)
    answer = client.post(url(project, "prompts"), [{"prompt": "Hello?"}, {"prompt": "Hello?"}])
    assert (answer.status_code, answer.json()) == (201, {"created": 1, "duplicates": 1, "errors": []})
    prompt = Prompt.objects.get()
    rows = [{"prompt_id": prompt.pk, "text": f"Hi {n}", "generator": "m"} for n in range(4)]
    assert client.post(url(project, "samples"), rows).json()["created"] == 4
    assert Task.objects.get().sample_ids == list(Sample.objects.values_list("pk", flat=True))
    ranking = {"prompt": "Hello?", "responses": ["Hi 0", "Hi 1", "Hi 2"], "ranks": [0, 1, 1], "annotator": "kim"}
    assert client.post(url(project, "comparisons"), ranking).json()["created"] == 1
    assert Judgement.objects.get().person.username.endswith("kim")


def test_ndjson(api: Api, owner: Person, project: Project) -> None:
    body = ndjson({"prompt": "One"}, {"messages": [{"role": "user", "content": "Two"}]})
    answer = api(owner).post(url(project, "prompts"), body, content_type="application/x-ndjson")
    assert answer.json() == {"created": 2, "duplicates": 0, "errors": []}


def test_a_bad_row_is_named_and_nothing_is_taken(api: Api, owner: Person, project: Project) -> None:
    body = ndjson({"prompt": "One"}, b"{not json", {"prompt": 3}, b"", {"prompt": "Two"})
    answer = api(owner).post(url(project, "prompts"), body, content_type="application/x-ndjson")
    assert answer.status_code == 422
    assert [error["line"] for error in answer.json()["errors"]] == [2, 3]
    assert not Prompt.objects.exists()


def test_good_rows_only_on_request(api: Api, owner: Person, project: Project) -> None:
    body = ndjson({"prompt": "One"}, b"{not json")
    answer = api(owner).post(url(project, "prompts") + "?good_rows=1", body, content_type="application/x-ndjson")
    assert (answer.status_code, answer.json()["created"], len(answer.json()["errors"])) == (201, 1, 1)


def test_a_broken_surrogate_and_a_nul_are_stored_harmlessly(api: Api, owner: Person, project: Project) -> None:
    body = b'{"prompt": "Q", "text": "broken \\ud83d and nul \\u0000 end", "generator": "m"}'
    answer = api(owner).post(url(project, "samples"), body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    assert "\x00" not in Sample.objects.get().text


def test_what_is_no_json_is_a_problem(api: Api, owner: Person, project: Project) -> None:
    deep = b"[" * 100_000
    for body, kind, status in ((b"{", JSON, 400), (b"x", "text/csv", 415), (b"3", JSON, 400), (deep, JSON, 400)):
        assert api(owner).post(url(project, "prompts"), body, content_type=kind).status_code == status


def test_annotators_add_nothing(api: Api, annotator: Person, project: Project) -> None:
    for what in ("prompts", "samples", "comparisons"):
        assert api(annotator).post(url(project, what), []).status_code == 403


@pytest.mark.django_db(transaction=True)  # it reads on a connection of its own
def test_the_tail_goes_on_behind_its_cursor(api: Api, owner: Person, project: Project) -> None:
    client = api(owner)
    rows = [{"prompt": f"P{n}", "responses": ["a", "b"], "ranks": [0, 1]} for n in range(3)]
    client.post(url(project, "comparisons"), rows)
    lines = [orjson.loads(line) for line in b"".join(client.get(url(project, "comparisons"))).splitlines()]
    assert len(lines) == 3
    rest = client.get(url(project, "comparisons") + f"?since={lines[1]['cursor']}")
    assert [orjson.loads(line) for line in b"".join(rest).splitlines()] == lines[2:]
    assert client.get(url(project, "comparisons") + "?since=nonsense").status_code == 400
