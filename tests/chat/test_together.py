"""Turns of several people on one model: answered in one batch, none starved, each with its own end."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from workers.generation import Answer, BackendRefused, Cancelled, Listener, Message, Request, Sampling
from workers.opened import Opened
from workers.together import MOST_ROWS, Call, first_batch

PATIENCE_S = 60


class Slow:
    """A model that repeats what it is asked, when the test lets it."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.at_work, self.may = threading.Semaphore(0), threading.Semaphore(0)

    def stream_all(self, requests: Sequence[Request], listener: Listener, *, cancelled: Callable[[], bool]) -> None:
        self.batches.append([request.key for request in requests])
        self.at_work.release()
        while not self.may.acquire(timeout=0.05):
            if cancelled():
                raise Cancelled
        if any("poison" in request.key for request in requests):
            raise BackendRefused("It broke.")
        listener.hear([request.key for request in requests])
        for index in reversed(range(len(requests))):
            listener.ended(index, answer(requests[index].key))

    def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool]) -> list[Answer]:
        raise NotImplementedError

    def close(self) -> None:
        """It holds nothing."""


class Heard:
    """One turn's ear."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.answers: list[str] = []

    def hear(self, texts: list[str]) -> None:
        self.texts = texts

    def ended(self, index: int, outcome: object) -> None:
        assert isinstance(outcome, Answer)
        self.answers.append(outcome.text)


def answer(key: str) -> Answer:
    return Answer(key=key, text=key, finish_reason="stop", prompt_tokens=1, completion_tokens=1, latency_ms=1)


def request(key: str, words: str = "Hello?") -> Request:
    said: list[Message] = [{"role": "user", "content": words}]
    return Request(key, said, Sampling(temperature=1.0, max_new_tokens=4, seed=1))


@pytest.fixture
def model() -> Slow:
    return Slow()


@pytest.fixture
def opened(model: Slow) -> Opened:
    return Opened(lambda: model)


class People:
    """Who ask the model, each from a thread of their own."""

    def __init__(self, opened: Opened) -> None:
        self.opened, self.pool = opened, ThreadPoolExecutor(16)

    def ask(self, *keys: str, cancelled: Callable[[], bool] = lambda: False) -> tuple[Heard, Future[None]]:
        heard = Heard()
        call = Call([request(key) for key in keys], heard, cancelled, lambda: None)
        return heard, self.pool.submit(self.opened.ask, call)


@pytest.fixture
def people(opened: Opened) -> People:
    return People(opened)


def wait_for_waiting(opened: Opened, calls: int) -> None:
    for _ in range(6000):
        if len(opened.waiting) == calls:
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"{len(opened.waiting)} wait, not {calls}")


def test_who_waits_is_answered_together_next(model: Slow, opened: Opened, people: People) -> None:
    first, asked = people.ask("a1", "a2")
    assert model.at_work.acquire(timeout=PATIENCE_S)
    others = [people.ask(f"{name}1", f"{name}2") for name in "bcd"]
    wait_for_waiting(opened, 3)
    model.may.release()
    asked.result(PATIENCE_S)
    assert model.at_work.acquire(timeout=PATIENCE_S)
    assert not any(future.done() for _, future in others)
    model.may.release()
    for _, future in others:
        future.result(PATIENCE_S)
    assert [sorted(batch) for batch in model.batches] == [["a1", "a2"], ["b1", "b2", "c1", "c2", "d1", "d2"]]
    assert first.answers == first.texts == ["a1", "a2"]
    assert sorted(heard.answers for heard, _ in others) == [["b1", "b2"], ["c1", "c2"], ["d1", "d2"]]
    opened.close()
    assert opened.idle


def test_a_failure_costs_only_its_own_turn(model: Slow, opened: Opened, people: People) -> None:
    _, asked = people.ask("a")
    assert model.at_work.acquire(timeout=PATIENCE_S)
    _, poisoned = people.ask("poison")
    good, fine = people.ask("b")
    wait_for_waiting(opened, 2)
    for _ in range(4):
        model.may.release()
    asked.result(PATIENCE_S)
    fine.result(PATIENCE_S)
    with pytest.raises(BackendRefused, match="broke"):
        poisoned.result(PATIENCE_S)
    assert good.answers == ["b"]


def test_who_leaves_does_not_stop_the_others(model: Slow, opened: Opened, people: People) -> None:
    gone = threading.Event()
    left, leaving = people.ask("a", cancelled=gone.is_set)
    assert model.at_work.acquire(timeout=PATIENCE_S)
    gone.set()
    with pytest.raises(Cancelled):
        leaving.result(PATIENCE_S)
    stayed, staying = people.ask("b")
    assert model.at_work.acquire(timeout=PATIENCE_S)
    model.may.release()
    staying.result(PATIENCE_S)
    assert left.answers == []
    assert stayed.answers == ["b"]


def test_who_cannot_hear_ends_alone(model: Slow, opened: Opened, people: People) -> None:
    class Deaf(Heard):
        def hear(self, texts: list[str]) -> None:
            raise OSError("the database is away")

    model.may.release()
    with pytest.raises(OSError, match="away"):
        opened.ask(Call([request("a")], Deaf(), lambda: False, lambda: None))
    model.may.release()
    heard, asked = people.ask("b")
    asked.result(PATIENCE_S)
    assert heard.answers == ["b"]


def test_loading_alone_asks_nothing(model: Slow, opened: Opened) -> None:
    opened.ask(Call.to_load(lambda: False))
    assert opened.backend is model
    assert model.batches == []


def test_what_cannot_be_opened_is_said_to_all() -> None:
    def fail() -> Slow:
        raise BackendRefused("There is no model at that place.")

    broken = Opened(fail)
    for _ in range(2):
        with pytest.raises(BackendRefused, match="no model"):
            broken.ask(Call([request("a")], Heard(), lambda: False, lambda: None))


def test_batches_have_a_size(model: Slow) -> None:
    def call(rows: int, characters: int = 10) -> Call:
        return Call([request(f"{n}", "x" * characters) for n in range(rows)], Heard(), lambda: False, lambda: None)

    few = [call(2) for _ in range(20)]
    assert first_batch(few) == few[: MOST_ROWS // 2]
    long, short = call(2, 20_000), call(2)
    assert first_batch([long, short]) == [long]
    assert first_batch([short, long]) == [short]
    huge = call(MOST_ROWS + 4, 100_000)
    assert first_batch([huge, short]) == [huge]
    assert first_batch([]) == []
