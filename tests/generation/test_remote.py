"""The openai backend against our real server around a real model, over loopback."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests.generation.conftest import ask
from workers.generation import BackendRefused, BackendUnavailable, Cancelled, open_backend
from workers.generation.local import TransformersBackend
from workers.generation.server import ModelServer

Serve = Callable[..., AbstractContextManager[ModelServer]]
REQUESTS = [
    ask("Hi", key="greedy", temperature=0, max_new_tokens=20),
    ask("Why?", key="hot", temperature=1.4, seed=8, max_new_tokens=30),
    ask("Who?", key="cut", temperature=1.0, top_k=7, top_p=0.9, seed=9, max_new_tokens=25),
    ask("数到十", key="zh", temperature=0.7, seed=2**40, max_new_tokens=15),
]


def test_it_answers_as_the_model_itself_does(serve: Serve, backend: TransformersBackend) -> None:
    with serve(backend) as server:
        answers = open_backend("openai", server.url, {"model": "tiny"}).generate(REQUESTS)
    for request, answer in zip(REQUESTS, answers, strict=True):
        [alone] = backend.generate([request])
        assert (answer.key, answer.text, answer.finish_reason) == (alone.key, alone.text, alone.finish_reason)
        assert (answer.prompt_tokens, answer.completion_tokens) == (alone.prompt_tokens, alone.completion_tokens)
        assert answer.latency_ms > 0


def test_nothing_asked_nothing_answered() -> None:
    assert open_backend("openai", "http://127.0.0.1:9/v1", {}).generate([]) == []


def test_a_full_server_is_asked_again_later(serve: Serve, backend: TransformersBackend) -> None:
    """One place and no queue: of four requests at once, most are first told 429 with Retry-After."""
    with serve(backend, waiting=0) as server:
        eager = open_backend("openai", server.url, {"concurrency": 4, "attempts": 20})
        assert [answer.key for answer in eager.generate(REQUESTS)] == ["greedy", "hot", "cut", "zh"]
        hasty = open_backend("openai", server.url, {"attempts": 1})
        with server.places, pytest.raises(BackendUnavailable, match=r"429: Too many.*Attempts made: 1"):
            hasty.generate(REQUESTS[:1])


def test_the_key_comes_from_the_environment(
    serve: Serve, backend: TransformersBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_API_KEY", "a-secret")
    with serve(backend, key="a-secret") as server:
        assert open_backend("openai", server.url, {"api_key_env": "TINY_API_KEY"}).generate(REQUESTS[:1])
        with pytest.raises(BackendRefused, match=r"401.*api_key_env"):
            open_backend("openai", server.url, {}).generate(REQUESTS)


def test_a_wrong_model_or_path_is_refused_with_the_cure(serve: Serve, backend: TransformersBackend) -> None:
    with serve(backend) as server:
        with pytest.raises(BackendRefused, match=r"serves only “tiny”.*Check the base URL"):
            open_backend("openai", server.url, {"model": "huge"}).generate(REQUESTS)
        with pytest.raises(BackendRefused, match="usually ends in /v1"):
            open_backend("openai", server.url.removesuffix("/v1"), {}).generate(REQUESTS)


def test_cancelling_stops_the_server_too(serve: Serve, talker: TransformersBackend) -> None:
    began = time.monotonic()
    with serve(talker) as server:
        with pytest.raises(Cancelled):
            open_backend("openai", server.url, {}).generate(
                [ask(seed=seed, max_new_tokens=1000) for seed in range(3)],
                cancelled=lambda: time.monotonic() - began > 0.5,
            )
        assert server.turn.acquire(timeout=1.5)
        server.turn.release()


def test_cancelling_does_not_wait_for_the_server(serve: Serve, talker: TransformersBackend) -> None:
    """Its turn never comes, so only the cancelling can end this; and the server forgets those who left."""
    began = time.monotonic()
    with serve(talker, waiting=2) as server:
        with server.turn, pytest.raises(Cancelled):
            open_backend("openai", server.url, {}).generate(
                [ask(seed=seed) for seed in range(3)], cancelled=lambda: time.monotonic() - began > 0.5
            )
        assert all(server.places.acquire(timeout=5) for _ in range(3))
