"""A whole conversation over the API, as an annotator's script has it; and what managers read and ask for."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from annotation.models import Assignment, Generator, Judgement, Person, Project, Task, Turn
from tests.api.test_grants import client
from tests.chat.conftest import Give, answered, chosen, said
from webapp.models import Right

pytestmark = pytest.mark.django_db
Api = Callable[[Person], APIClient]


def test_it_works(api: Api, owner: Person, annotator: Person, project: Project, models: list[Generator]) -> None:
    made = api(owner).post(
        f"/api/v1/projects/{project.slug}/chats/",
        {"number": 1, "instruction": "A trip.", "system": "Be brief.", "language": "en", "generators": ["model 0"]},
    )
    assert made.status_code == 201, made.json()
    client = api(annotator)
    given = client.post(f"/api/v1/projects/{project.slug}/next/").json()
    assert given["task"]["id"] == made.json()["tasks"][0]
    assert given["task"]["kind"] == "chat"
    assert given["task"]["prompt"] == [{"role": "system", "content": "Be brief."}]
    assert given["task"]["chat"]["instruction"] == "A trip."
    assert given["task"]["chat"]["turn"] is None
    base = f"/api/v1/assignments/{given['assignment']}/chat/"
    sent = client.post(f"{base}turns/", {"text": "Hello?", "number": 1})
    assert sent.status_code == 202
    where = sent.headers["Location"]
    assert client.get(where).json()["state"] == "waiting"
    answered(Turn.objects.get(), "Hi", "Ho")
    ready = client.get(where).json()
    assert [answer["text"] for answer in ready["answers"]] == ["Hi", "Ho"]
    ranking = [[answer["id"]] for answer in reversed(ready["answers"])]
    done = client.put(f"{where}judgement/", {"ranking": ranking, "seconds": 4})
    assert done.status_code == 200, done.json()
    assert done.json()["winner"] == ranking[0][0]
    assert client.put(f"{where}judgement/", {"ranking": ranking, "seconds": 4}).status_code == 200
    assert client.put(f"{where}judgement/", {"ranking": ranking[::-1]}).status_code == 409
    again = client.post(f"/api/v1/projects/{project.slug}/next/").json()
    assert [message["content"] for message in again["task"]["prompt"]] == ["Be brief.", "Hello?", "Ho"]
    assert again["task"]["chat"]["turns_left"] == 9
    ended = client.put(f"/api/v1/assignments/{given['assignment']}/judgement/", {"comment": "Fine."})
    assert ended.status_code == 200, ended.json()
    assert Task.objects.get(kind="chat").judged == 1
    assert set(Judgement.objects.values_list("source", flat=True)) == {"api"}
    [told] = api(owner).get(f"/api/v1/projects/{project.slug}/chats/").json()["results"]
    assert {answer["generator"] for answer in told["turns"][0]["answers"]} == {"model 0"}


def test_a_turn_can_be_taken_back_and_asked_again(api: Api, annotator: Person, chat: Assignment) -> None:
    client, base = api(annotator), f"/api/v1/assignments/{chat.pk}/chat/turns/"
    said(chat, "Hello?", "Hi", "")
    assert client.get(f"{base}1/").json()["state"] == "failed"
    assert client.post(f"{base}1/again/").status_code == 202
    assert client.post(f"{base}1/again/").status_code == 409
    assert client.post(f"{base}1/cancel/").status_code == 204
    assert client.get(f"{base}1/").status_code == 404
    chosen(said(chat, "Hello!"))
    assert client.post(f"{base}1/cancel/").status_code == 409


def test_nonsense_is_refused(api: Api, annotator: Person, chat: Assignment) -> None:
    client, base = api(annotator), f"/api/v1/assignments/{chat.pk}/chat/turns/"
    for body in ({}, {"text": ""}, {"text": "x" * 8001}, {"text": "x", "number": 0}, {"text": ["x"]}):
        assert client.post(base, body).status_code == 400, body
    said(chat, "Hello?")
    assert client.post(base, {"text": "Another"}).status_code == 409
    for verdict in ({}, {"ranking": [[1]]}, {"ranking": [[10**12]]}, {"all_bad": True, "ratings": {"x": {"a": 1}}}):
        assert client.put(f"{base}1/judgement/", verdict).status_code == 400, verdict
    assert client.put(f"/api/v1/assignments/{chat.pk}/judgement/", {}).status_code == 400
    assert client.get(f"{base}2/").status_code == 404


def test_others_find_nothing(
    api: Api, chat: Assignment, second_annotator: Person, owner: Person, outsider: Person, project: Project
) -> None:
    said(chat, "Hello?")
    base = f"/api/v1/assignments/{chat.pk}/chat/"
    for person in (second_annotator, owner, outsider):
        client = api(person)
        for path in ("", "turns/1/"):
            assert client.get(base + path).status_code == 404
        assert client.post(f"{base}turns/", {"text": "x"}).status_code == 404
        assert client.put(f"{base}turns/1/judgement/", {"all_bad": True}).status_code == 404
    assert api(second_annotator).get(f"/api/v1/projects/{project.slug}/chats/").status_code == 403
    assert api(second_annotator).post(f"/api/v1/projects/{project.slug}/chats/", {"number": 1}).status_code == 403


def test_senseless_wishes(api: Api, owner: Person, project: Project, give: Give, annotator: Person) -> None:
    client, where = api(owner), f"/api/v1/projects/{project.slug}/chats/"
    for body in ({}, {"number": 0}, {"number": 1, "answers": 1}, {"number": 1, "generators": ["nobody"]}):
        assert client.post(where, body).status_code == 400, body
    project.allow_ties = False
    project.save()
    assert client.post(where, {"number": 1, "answers": 3}).status_code == 400


def test_a_rank_task_has_no_chat(api: Api, annotator: Person, fill: Callable[[int], None], project: Project) -> None:
    fill(1)
    given = api(annotator).post(f"/api/v1/projects/{project.slug}/next/").json()
    assert api(annotator).get(f"/api/v1/assignments/{given['assignment']}/chat/").status_code == 404


def test_a_token_with_the_right_to_judge_is_enough_to_chat(
    project: Project, annotator: Person, chat: Assignment
) -> None:
    judges = client(annotator, Right.JUDGE, project=project)
    turns = f"/api/v1/assignments/{chat.pk}/chat/turns/"
    assert judges.post(turns, {"text": "Hello?"}, format="json").status_code == 202
    turn = answered(Turn.objects.get(), "Hi", "Ho")
    assert judges.get(f"{turns}1/").json()["state"] == "ready"
    first, second = turn.shown
    verdict = {"rankings": {"overall": [[first, second]]}, "go_on_with": second}
    done = judges.put(f"{turns}1/judgement/", verdict, format="json")
    assert done.status_code == 200
    assert (done.json()["winner"], done.json()["chosen_by"]) == (second, "person")
    assert judges.post(f"/api/v1/assignments/{chat.pk}/report/", {"reason": "unsafe"}, format="json").status_code == 201
