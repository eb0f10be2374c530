"""Servers of others fail in many ways: each is either worth a retry or refused, and none of them is obeyed."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.generation.conftest import ask
from workers.generation import BackendRefused, BackendUnavailable, open_backend
from workers.generation.asking import LARGEST_REPLY
from workers.generation.local import TransformersBackend
from workers.generation.retrying import wait_seconds
from workers.generation.server import ModelServer

Act = Callable[[BaseHTTPRequestHandler, bytes], None]
Start = Callable[[Act], str]
QUICK = {"attempts": 1, "timeout": 0.5}


@contextmanager
def _started(act: Act) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            act(self, self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a server that acts as told; answers its base URL."""
    with ExitStack() as servers:
        yield lambda act: servers.enter_context(_started(act))


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def test_a_server_that_recovers_is_waited_for(
    start: Start, serve: Callable[..., AbstractContextManager[ModelServer]], backend: TransformersBackend
) -> None:
    """A front that answers 503 and 429 before it lets the request through to the model."""
    refusals = [(503, "0"), (429, "Thu, 01 Jan 1970 00:00:00 GMT"), (500, "soon")]
    with serve(backend) as model:

        def front(handler: BaseHTTPRequestHandler, body: bytes) -> None:
            if refusals:
                status, when = refusals.pop(0)
                reply(handler, status, b"busy", Retry_After=when)
            else:
                kind = {"Content-Type": "application/json"}
                passed = httpx.post(model.url + "/chat/completions", content=body, headers=kind, trust_env=False)
                reply(handler, passed.status_code, passed.content)

        request = ask(temperature=1.0, seed=3, max_new_tokens=10)
        [answer] = open_backend("openai", start(front), {}).generate([request])
    assert refusals == []
    assert answer.text == backend.generate([request])[0].text


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
def test_trouble_of_the_server_is_worth_a_retry(start: Start, status: int) -> None:
    url = start(lambda handler, body: reply(handler, status, b'{"error": {"message": "so\\nsorry\\u0000"}}'))
    with pytest.raises(BackendUnavailable, match=f"{status}: so sorry Attempts made: 1"):
        open_backend("openai", url, QUICK).generate([ask()])


def test_nobody_there_is_worth_a_retry() -> None:
    with pytest.raises(BackendUnavailable, match=r"127\.0\.0\.1:9 did not answer"):
        open_backend("openai", "http://127.0.0.1:9/v1", QUICK).generate([ask()])


def test_silence_is_worth_a_retry(start: Start) -> None:
    began = time.monotonic()
    with pytest.raises(BackendUnavailable, match="did not answer: ReadTimeout"):
        open_backend("openai", start(lambda handler, body: time.sleep(1)), QUICK).generate([ask()])
    assert time.monotonic() - began < 5


def test_a_connection_cut_in_the_middle_is_worth_a_retry(start: Start) -> None:
    url = start(lambda handler, body: reply(handler, 200, b"{", Content_Length="100"))
    with pytest.raises(BackendUnavailable, match="did not answer"):
        open_backend("openai", url, QUICK).generate([ask()])


def test_a_redirect_is_not_followed(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINY_API_KEY", "a-secret")
    reached: list[bytes] = []
    elsewhere = start(lambda handler, body: reached.append(body))
    url = start(lambda handler, body: reply(handler, 307, Location=elsewhere + "/chat/completions"))
    with pytest.raises(BackendRefused, match="redirects"):
        open_backend("openai", url, QUICK | {"api_key_env": "TINY_API_KEY"}).generate([ask()])
    assert reached == []


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"[]", b"{}", b'{"choices": []}', b'{"choices": [{"message": {"content": 7}}]}', b"\xff"]
)
def test_a_reply_that_is_no_completion_is_refused(start: Start, body: bytes) -> None:
    with pytest.raises(BackendRefused, match="not a chat completion"):
        open_backend("openai", start(lambda handler, _: reply(handler, 200, body)), QUICK).generate([ask()])


def test_a_reply_without_end_is_refused(start: Start) -> None:
    bomb = gzip.compress(b" " * (LARGEST_REPLY + 1))
    url = start(lambda handler, _: reply(handler, 200, bomb, Content_Encoding="gzip"))
    with pytest.raises(BackendRefused, match="16 MiB"):
        open_backend("openai", url, {"attempts": 1}).generate([ask()])


def test_hostile_text_arrives_storable(start: Start) -> None:
    said = b'{"choices": [{"message": {"content": "a\\u0000<b>\\ud800"}, "finish_reason": "content_filter"}]}'
    [answer] = open_backend("openai", start(lambda handler, _: reply(handler, 200, said)), QUICK).generate([ask()])
    assert (answer.text, answer.finish_reason, answer.completion_tokens) == ("a<b>\ufffd", "stop", 0)


def test_the_wait_heeds_the_server_within_reason() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    assert wait_seconds(0, "7") == 7
    assert wait_seconds(0, "9" * 400) == 60
    assert 15 < wait_seconds(0, soon) <= 20
    assert wait_seconds(3, "Thu, 01 Jan 1970 00:00:00 GMT") == 0
    for attempt, most in [(0, 0.5), (1, 1), (3, 4), (900, 60)]:
        assert most / 2 <= wait_seconds(attempt, None) <= most
        assert most / 2 <= wait_seconds(attempt, "soon") <= most
