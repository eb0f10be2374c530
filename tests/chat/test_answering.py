"""Turns answered by real workers' code: one local model, several servers, failing ones, slow ones, lost workers."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from annotation import chatting
from annotation.models import Assignment, Candidate, Generator, Person, Project, Turn
from tests.chat.conftest import Give
from workers import chatting as sending
from workers import jobs, live, opened
from workers.generation.local import TransformersBackend
from workers.generation.server import ModelServer

pytestmark = pytest.mark.django_db(transaction=True)
Serve = Callable[..., AbstractContextManager[ModelServer]]


@pytest.fixture(autouse=True)
def patient(settings: Any) -> Any:
    settings.CHAT_PATIENCE_S, settings.CHAT_LONGEST_S = 60, 120
    jobs.stopping.clear()
    yield
    jobs.stopping.clear()
    opened.close_all()


@pytest.fixture
def models() -> list[Generator]:
    return []  # each test sets up its own


@pytest.fixture
def local(project: Project, chat_model: Path) -> Generator:
    parameters = {"max_new_tokens": 24, "options": {"threads": 1, "device": "cpu"}}
    return Generator.objects.create(
        project=project, name="tiny", backend="transformers", location=str(chat_model), parameters=parameters
    )


def remote(project: Project, url: str, name: str, **options: object) -> Generator:
    parameters = {"max_new_tokens": 16, "options": {"attempts": 1, **options}}
    return Generator.objects.create(project=project, name=name, backend="openai", location=url, parameters=parameters)


def answer(chat: Assignment, text: str = "Hello?") -> Turn:
    turn = sending.send(assignment=chat, text=text)
    sending.answer(turn.pk)
    turn.refresh_from_db()
    return turn


def test_it_works(local: Generator, give: Give, annotator: Person) -> None:
    turn = answer(give(annotator, answers=3))
    assert turn.state == Turn.State.READY
    candidates = list(turn.candidates.all())
    assert turn.shown == [candidate.pk for candidate in candidates]
    assert len({candidate.text for candidate in candidates}) == 3
    assert all(candidate.completion_tokens and candidate.latency_ms is not None for candidate in candidates)
    heard = live.heard(turn.pk)
    assert {heard.texts[c.pk].strip() for c in candidates} == {c.text for c in candidates}


def test_a_second_message_does_nothing(local: Generator, give: Give, annotator: Person) -> None:
    turn = answer(give(annotator))
    sending.answer(turn.pk)
    before = turn.ready_at
    turn.refresh_from_db()
    assert (turn.ready_at, turn.attempt) == (before, 1)


def test_several_servers_answer_at_once(
    project: Project, talker: TransformersBackend, serve: Serve, give: Give, annotator: Person
) -> None:
    with ExitStack() as stack:
        for n in range(3):
            remote(project, stack.enter_context(serve(talker)).url, f"server {n}")
        turn = answer(give(annotator, answers=3))
    assert turn.state == Turn.State.READY
    assert len(turn.shown) == 3
    assert len(set(turn.candidates.values_list("generator_id", flat=True))) == 3


def test_a_server_that_is_away_costs_only_its_answer(
    project: Project, talker: TransformersBackend, local: Generator, serve: Serve, give: Give, annotator: Person
) -> None:
    with serve(talker) as server:
        remote(project, server.url, "server")
        remote(project, "http://127.0.0.1:9/v1", "away")
        turn = answer(give(annotator, answers=3))
    assert turn.state == Turn.State.READY
    assert len(turn.shown) == 2
    failed = turn.candidates.get(state=Candidate.State.FAILED)
    assert failed.generator.name == "away"
    assert "did not answer" in failed.error


def test_a_model_that_cannot_be_loaded_costs_only_its_answer(
    project: Project, local: Generator, give: Give, annotator: Person, tmp_path: Path
) -> None:
    Generator.objects.create(project=project, name="gone", backend="transformers", location=str(tmp_path / "gone"))
    chat = give(annotator, answers=2)
    turn = answer(chat)
    assert turn.state == Turn.State.FAILED
    assert "no model at" in turn.candidates.get(state=Candidate.State.FAILED).error
    assert turn.candidates.filter(state=Candidate.State.DONE).count() == 1


def test_a_slow_model_is_not_waited_for_for_ever(
    project: Project,
    talker: TransformersBackend,
    serve: Serve,
    give: Give,
    annotator: Person,
    settings: Any,
) -> None:
    settings.CHAT_PATIENCE_S = 1
    with serve(talker) as quick, serve(talker) as slow:
        slow.turn.acquire()  # somebody else has that model
        for n in range(2):
            remote(project, quick.url, f"quick {n}")
        remote(project, slow.url, "slow")
        turn = answer(give(annotator, answers=3))
        slow.turn.release()
    assert turn.state == Turn.State.READY
    assert len(turn.shown) == 2
    assert turn.candidates.get(state=Candidate.State.FAILED).generator.name == "slow"


def test_answers_that_are_the_same_are_shown_once(local: Generator, give: Give, annotator: Person) -> None:
    local.parameters["temperature"] = 0
    local.save()
    turn = answer(give(annotator, answers=3))
    assert turn.state == Turn.State.READY
    assert len(turn.shown) == 1
    assert sorted(candidate.state for candidate in turn.candidates.all()) == ["done", "same", "same"]


def test_a_worker_that_stops_gives_the_turn_back(local: Generator, give: Give, annotator: Person) -> None:
    turn = sending.send(assignment=give(annotator), text="Hello?")
    jobs.stopping.set()
    sending.answer(turn.pk)
    turn.refresh_from_db()
    assert (turn.state, turn.attempt) == (Turn.State.WAITING, 0)
    jobs.stopping.clear()
    assert sending.revive_lost() == 1
    sending.answer(turn.pk)
    turn.refresh_from_db()
    assert turn.state == Turn.State.READY


def test_what_a_lost_worker_finished_is_kept_and_the_rest_asked_for(
    local: Generator, give: Give, annotator: Person
) -> None:
    turn = sending.send(assignment=give(annotator), text="Hello?")
    first, second = turn.candidates.all()
    Candidate.objects.filter(pk=first.pk).update(state=Candidate.State.DONE, text="It was there before.")
    silent = timezone.now() - timedelta(hours=1)
    Turn.objects.filter(pk=turn.pk).update(state=Turn.State.ANSWERING, attempt=1, heartbeat_at=silent)
    assert sending.revive_lost() == 1
    sending.answer(turn.pk)
    turn.refresh_from_db()
    assert (turn.state, turn.attempt) == (Turn.State.READY, 2)
    assert turn.candidates.get(pk=first.pk).text == "It was there before."
    assert set(turn.shown) == {first.pk, second.pk}


def test_a_worker_given_up_for_lost_writes_nothing(local: Generator, give: Give, annotator: Person) -> None:
    turn = sending.send(assignment=give(annotator), text="Hello?")
    lost = sending._claim(turn.pk)
    assert lost
    Turn.objects.filter(pk=turn.pk).update(heartbeat_at=timezone.now() - timedelta(hours=1))
    sending.answer(turn.pk)
    texts = list(turn.candidates.values_list("text", flat=True))
    Candidate.objects.filter(turn=turn).update(state=Candidate.State.WANTED)
    sending.Answering(lost, lambda: False).run()
    sending.finish(lost)
    assert list(turn.candidates.values_list("text", flat=True)) == texts


def test_a_turn_that_keeps_killing_its_worker_is_given_up(local: Generator, give: Give, annotator: Person) -> None:
    turn = sending.send(assignment=give(annotator), text="Hello?")
    Turn.objects.filter(pk=turn.pk).update(attempt=sending.MAX_ATTEMPTS)
    sending.answer(turn.pk)
    turn.refresh_from_db()
    assert turn.state == Turn.State.FAILED
    again = sending.ask_again(turn)
    sending.answer(again.pk)
    again.refresh_from_db()
    assert again.state == Turn.State.READY


def test_a_message_taken_back_stops_its_worker(
    project: Project, talker: TransformersBackend, serve: Serve, give: Give, annotator: Person
) -> None:
    with serve(talker) as server:
        server.turn.acquire()
        for n in range(2):
            remote(project, server.url, f"server {n}")
        turn = sending.send(assignment=give(annotator), text="Hello?")
        began = time.monotonic()
        with sending.Pulse(sending._claim(turn.pk) or turn) as pulse:
            assert chatting.take_back(turn=turn)
            sending.Answering(pulse.turn, pulse.stopped).run()
        server.turn.release()
    assert time.monotonic() - began < 50
    sending.finish(pulse.turn)
    turn.refresh_from_db()
    assert turn.state == Turn.State.CANCELLED


def test_without_redis_only_the_live_text_is_lost(
    local: Generator, give: Give, annotator: Person, settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    live.connection.cache_clear()
    chat = give(annotator)
    turn = answer(chat)
    sending.warm(chat)
    assert live.heard(turn.pk).texts == {}
    live.connection.cache_clear()
    assert turn.state == Turn.State.READY


def test_models_are_loaded_ahead_and_kept(local: Generator, give: Give, annotator: Person) -> None:
    chat = give(annotator)
    sending.load(str(chat.pk))
    [entry] = opened._opened.values()
    before = entry.backend
    answer(chat)
    assert entry.backend is before


def test_turns_of_several_people_are_answered_together(
    local: Generator, give: Give, annotator: Person, second_annotator: Person
) -> None:
    sent = [
        sending.send(assignment=give(person), text=f"Hello from {person.username}?")
        for person in (annotator, second_annotator)
    ]
    threads = [threading.Thread(target=answer_in_thread, args=[turn.pk]) for turn in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for turn in sent:
        turn.refresh_from_db()
        assert turn.state == Turn.State.READY
        assert len(turn.shown) == 2
        assert all(candidate.text for candidate in turn.candidates.all())


def answer_in_thread(turn_id: int) -> None:
    try:
        sending.answer(turn_id)
    finally:
        connection.close()
