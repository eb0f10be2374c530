"""Managers ask for conversations and read them, with the models that annotators never see."""

from collections.abc import Callable

import pytest
from django.test import Client

from annotation.models import Assignment, Conversation, Generator, Person, Project, Task
from tests.chat.conftest import chosen, said

pytestmark = pytest.mark.django_db
SignedIn = Callable[[Person], Client]
ASKED = {"number": "3", "overlap": "2", "answers": "2", "max_turns": "6", "language": "en", "priority": "4"}


def test_it_works(owner: Person, project: Project, models: list[Generator], signed_in: SignedIn) -> None:
    form = {**ASKED, "instruction": "A trip.", "generators": [models[0].pk]}
    assert signed_in(owner).post("/p/letters/chats/ask/", form).status_code == 302
    tasks = Task.objects.filter(project=project, kind="chat")
    assert [task.overlap for task in tasks] == [2, 2, 2]
    for task in tasks:
        assert task.brief == {"instruction": "A trip.", "max_turns": 6, "generators": [models[0].pk]}


def test_models_are_named_to_managers(owner: Person, viewer: Person, chat: Assignment, signed_in: SignedIn) -> None:
    turn = chosen(said(chat, "Hello?", "<script>alert(1)</script>", "Ho"))
    where = f"/p/letters/chats/{Conversation.objects.get().pk}/"
    for person in (owner, viewer):
        client = signed_in(person)
        assert f'href="{where}"' in client.get("/p/letters/chats/").content.decode()
        html = client.get(where).content.decode()
        assert all(candidate.generator.name in html for candidate in turn.candidates.all())
        assert "went on with this" in html
        assert "<script>alert" not in html


def test_others_find_nothing(
    annotator: Person, viewer: Person, outsider: Person, chat: Assignment, signed_in: SignedIn
) -> None:
    said(chat, "Hello?")
    where = f"/p/letters/chats/{Conversation.objects.get().pk}/"
    for person in (annotator, outsider):
        assert signed_in(person).get(where).status_code == 404
        assert signed_in(person).get("/p/letters/chats/").status_code == 404
        assert signed_in(person).post("/p/letters/chats/ask/", ASKED).status_code == 404
    assert signed_in(viewer).post("/p/letters/chats/ask/", ASKED).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"answers": "1"}, {"answers": "10"}, {"max_turns": "0"}, {"number": "x"}, {"overlap": ""}]
)
def test_senseless_wishes_are_refused(owner: Person, project: Project, wrong: dict, signed_in: SignedIn) -> None:
    answer = signed_in(owner).post("/p/letters/chats/ask/", ASKED | wrong)
    assert answer.status_code == 422
    assert not Task.objects.exists()
