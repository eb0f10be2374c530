"""The local model server speaks OpenAI's chat completions over real HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.generation.conftest import ask
from workers.generation.local import TransformersBackend
from workers.generation.server import ModelServer

Serve = Callable[..., AbstractContextManager[ModelServer]]
CHAT = "/chat/completions"


@pytest.fixture
def client(serve: Serve, backend: TransformersBackend) -> Iterator[httpx.Client]:
    with serve(backend) as server, httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
        yield client


def body(**changes: Any) -> dict[str, Any]:
    return {
        "model": "tiny", "messages": [{"role": "user", "content": "Tell me."}],
        "temperature": 1.0, "seed": 3, "max_tokens": 40,
    } | changes  # fmt: skip


def events(response: httpx.Response) -> list[str]:
    return [line.removeprefix("data: ") for line in response.text.splitlines() if line]


def test_it_names_its_model(client: httpx.Client) -> None:
    assert [model["id"] for model in client.get("/models").json()["data"]] == ["tiny"]


def test_a_completion_is_what_the_backend_says(client: httpx.Client, backend: TransformersBackend) -> None:
    [answer] = backend.generate([ask(temperature=1.0, seed=3, max_new_tokens=40)])
    reply = client.post(CHAT, json=body()).json()
    [choice] = reply["choices"]
    assert reply["object"] == "chat.completion"
    assert choice["message"] == {"role": "assistant", "content": answer.text}
    assert choice["finish_reason"] == answer.finish_reason
    assert reply["usage"]["prompt_tokens"] == answer.prompt_tokens
    assert reply["usage"]["completion_tokens"] == answer.completion_tokens


def test_a_stream_says_the_same_in_pieces(client: httpx.Client) -> None:
    whole = client.post(CHAT, json=body()).json()
    response = client.post(CHAT, json=body(stream=True, stream_options={"include_usage": True}))
    *chunks, done = events(response)
    read = [json.loads(chunk) for chunk in chunks]
    pieces = [chunk["choices"][0]["delta"].get("content", "") for chunk in read[:-1]]
    assert response.headers["content-type"].startswith("text/event-stream")
    assert done == "[DONE]"
    assert len([piece for piece in pieces if piece]) > 3
    assert "".join(pieces) == whole["choices"][0]["message"]["content"]
    assert read[-2]["choices"][0]["finish_reason"] == whole["choices"][0]["finish_reason"]
    assert read[-1]["usage"] == whole["usage"]


def test_without_a_seed_answers_differ(client: httpx.Client) -> None:
    texts = {client.post(CHAT, json=body(seed=None)).json()["choices"][0]["message"]["content"] for _ in range(3)}
    assert len(texts) == 3


def test_text_parts_and_the_newer_names_are_understood(client: httpx.Client) -> None:
    parts = [{"type": "text", "text": "Tell me."}]
    newer = body(messages=[{"role": "user", "content": parts}], max_tokens=None, max_completion_tokens=40)
    assert client.post(CHAT, json=newer).json()["choices"] == client.post(CHAT, json=body()).json()["choices"]


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"model": "gpt-9"}, 404, "serves only"),
        ({"messages": []}, 400, "messages"),
        ({"messages": "Hi"}, 400, "messages"),
        ({"messages": [{"role": "wizard", "content": "Hi"}]}, 400, "role"),
        ({"messages": [{"role": "user", "content": None}]}, 400, "content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "content"),
        ({"messages": [{"role": ["user"], "content": "Hi"}]}, 400, "role"),
        ({"temperature": -1}, 400, "temperature"),
        ({"temperature": "hot"}, 400, "temperature"),
        ({"top_p": 0}, 400, "top_p"),
        ({"max_tokens": 1.5}, 400, "max_tokens"),
        ({"seed": -1}, 400, "seed"),
        ({"n": 2}, 400, "n = 1"),
        ({"tools": [{"type": "function"}]}, 400, "tools"),
    ],
)
def test_what_it_cannot_do_it_refuses(client: httpx.Client, changes: dict[str, Any], status: int, says: str) -> None:
    reply = client.post(CHAT, json=body(**changes))
    assert reply.status_code == status
    assert says in reply.json()["error"]["message"]


def test_bodies_that_are_no_json_are_refused(client: httpx.Client) -> None:
    kind = {"Content-Type": "application/json"}
    assert client.post(CHAT, content=b"{", headers=kind).status_code == 400
    assert client.post(CHAT, content=b"[" * 100_000, headers=kind).status_code == 400
    assert client.post(CHAT, content=b"\xff\xfe{", headers=kind).status_code == 400
    assert client.post(CHAT, content=b"[]", headers=kind).status_code == 400
    assert client.post(CHAT, data={"a": "form"}).status_code == 415
    assert client.post("/elsewhere", json=body()).status_code == 404
    assert client.get("/elsewhere").status_code == 404
    assert client.post(CHAT, json=body()).status_code == 200  # on the same connection


def test_a_body_too_large_is_not_even_read(client: httpx.Client) -> None:
    with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as raw:
        raw.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 413")


def test_a_key_is_asked_for_if_one_is_set(serve: Serve, backend: TransformersBackend) -> None:
    with serve(backend, key="schlüssel") as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        assert client.get("/models").status_code == 401
        assert client.post(CHAT, json=body(), headers={"Authorization": "Bearer wrong"}).status_code == 401
        right = {"Authorization": "Bearer schlüssel".encode()}
        assert client.post(CHAT, json=body(), headers=right).status_code == 200


def test_a_client_that_gives_up_frees_the_model(serve: Serve, talker: TransformersBackend) -> None:
    with serve(talker) as server:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(server.url + CHAT, json=body(max_tokens=1000), timeout=0.3, trust_env=False)
        assert server.turn.acquire(timeout=1.5)
        server.turn.release()


def test_a_client_that_leaves_a_stream_frees_the_model(serve: Serve, talker: TransformersBackend) -> None:
    endless = body(max_tokens=1000, stream=True)
    with serve(talker) as server:
        with httpx.stream("POST", server.url + CHAT, json=endless, trust_env=False) as response:
            assert next(response.iter_lines()).startswith("data: ")
        assert server.turn.acquire(timeout=1.5)
        server.turn.release()


def test_it_runs_as_a_program_and_ends_on_sigterm(chat_model: Path) -> None:
    command = [sys.executable, "-m", "workers.generation.server", "--location", str(chat_model), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        url = program.stdout.readline().split()[-1]
        reply = httpx.post(url + CHAT, json=body(model="default"), trust_env=False, timeout=60)
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=30) == 0
    assert reply.json()["choices"][0]["message"]["content"]


def test_a_wrong_start_is_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workers.generation.server", "--location", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 1
    assert "config.json" in done.stderr
    assert "Traceback" not in done.stderr
