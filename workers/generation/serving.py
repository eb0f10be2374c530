"""HTTP for the local model server: who may ask, what they ask, and the answer, whole or streamed."""

import hmac
import json
import logging
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, cast

from workers.generation.backend import BackendRefused, Cancelled
from workers.generation.incoming import (
    BadRequest,
    ChatRequest,
    chunk,
    completion,
    read_chat_request,
    usage_chunk,
)

if TYPE_CHECKING:
    from workers.generation.server import ModelServer

LARGEST_BODY = 4 * 2**20  # bytes
ASK_EVERY = 0.2  # seconds between two looks whether a waiting client is still there
logger = logging.getLogger(__name__)


class CompletionHandler(BaseHTTPRequestHandler):
    """One connection's requests."""

    protocol_version = "HTTP/1.1"
    server_version = "PrefLoop"
    sys_version = ""
    timeout = 60  # seconds that a silent connection may last
    streaming = False

    @property
    def model(self) -> "ModelServer":
        return cast("ModelServer", self.server)

    def do_GET(self) -> None:
        with self._errors_as_json():
            self._check_key()
            if self.path != "/v1/models":
                raise BadRequest("There is nothing here; see /v1/models.", 404)
            listed = {"id": self.model.name, "object": "model", "owned_by": "local"}
            self._send_json({"object": "list", "data": [listed]})

    def do_POST(self) -> None:
        with self._errors_as_json():
            body = self._read_json()  # read before any refusal, or its bytes would pass for the next request
            self._check_key()
            if self.path != "/v1/chat/completions":
                raise BadRequest("There is nothing here; post to /v1/chat/completions.", 404)
            wanted = read_chat_request(body, model=self.model.name)
            with self._turn():
                self._answer(wanted)

    def log_message(self, format: str, *args: object) -> None:
        logger.info("%s %s", self.address_string(), format % args)

    def _answer(self, wanted: ChatRequest) -> None:
        if wanted.stream:
            self._stream(wanted)
            return
        [answer] = self.model.backend.generate([wanted.request], cancelled=self._unwanted)
        self._send_json(completion(answer, self.model.name))

    def _stream(self, wanted: ChatRequest) -> None:
        key, name = wanted.request.key, self.model.name
        self._begin_events()
        self._event(chunk(key, name, {"role": "assistant", "content": ""}))
        answer = self.model.backend.stream(
            wanted.request,
            lambda piece: self._event(chunk(key, name, {"content": piece})),
            cancelled=self._unwanted,
        )
        self._event(chunk(key, name, {}, answer.finish_reason))
        if wanted.usage_at_end:
            self._event(usage_chunk(answer, name))
        self.wfile.write(b"data: [DONE]\n\n")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait in line for the model; raises BadRequest (429) where the line is full."""
        if not self.model.places.acquire(blocking=False):
            raise BadRequest("Too many requests are waiting; try again shortly.", 429)
        try:
            while not self.model.turn.acquire(timeout=ASK_EVERY):
                if self._unwanted():
                    raise Cancelled
            try:
                yield
            finally:
                self.model.turn.release()
        finally:
            self.model.places.release()

    def _unwanted(self) -> bool:
        """Whether the server is stopping or the client has hung up."""
        if self.model.stopping.is_set():
            return True
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

    @contextmanager
    def _errors_as_json(self) -> Iterator[None]:
        try:
            yield
        except BadRequest as error:
            self._send_error(str(error), error.status)
        except BackendRefused as error:
            self._send_error(str(error), 500)
        except (Cancelled, ConnectionError):
            self.close_connection = True  # nobody is there to be told

    def _send_error(self, message: str, status: int) -> None:
        kind = "server_error" if status >= 500 else "invalid_request_error"
        told = {"error": {"message": message, "type": kind, "param": None, "code": None}}
        if self.streaming:
            self._event(told)
        else:
            self._send_json(told, status)

    def _check_key(self) -> None:
        # HTTP hands over bytes; http.server shows them as Latin-1.
        given = self.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if self.model.key and not hmac.compare_digest(given.encode("latin-1"), self.model.key.encode()):
            raise BadRequest("A valid API key is needed.", 401)

    def _read_json(self) -> object:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            self.close_connection = True
            raise BadRequest(f"A body of at most {LARGEST_BODY >> 20} MiB with its Content-Length is needed.", 413)
        raw = self.rfile.read(int(length))
        if self.headers.get_content_type() != "application/json":  # keeps other sites' forms from reaching us
            raise BadRequest("The Content-Type must be application/json.", 415)
        try:
            return json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise BadRequest("The body is not JSON.") from error

    def _send_json(self, reply: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)

    def _begin_events(self) -> None:
        self.streaming = True
        self.close_connection = True  # the end of the stream is the end of the connection
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()

    def _event(self, data: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(data).encode() + b"\n\n")
