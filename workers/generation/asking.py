"""One HTTP exchange with an OpenAI-compatible server, and what each way of failing means."""

import os
import re
import time
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from workers.generation.backend import Answer, BackendRefused, BackendUnavailable
from workers.generation.wire import Pieces, Reply, read_answer, said_wrong
from workers.sentences import Sentence

LARGEST_REPLY = 16 * 2**20  # bytes; a server that sends more is broken or hostile
WORTH_A_RETRY = {408, 409, 425, 429}  # and every 5xx
CURES = {
    401: Sentence("Put a valid key into the environment variable that api_key_env names."),
    403: Sentence("Put a key that may use this model into the environment variable that api_key_env names."),
    404: Sentence("Check the base URL, which usually ends in /v1, and the model's name."),
}
NO_CURE = Sentence("The server does not take this request.")


class Overloaded(BackendUnavailable):
    """This attempt failed, the next may not; `retry_after` is the server's header of that name."""

    def __init__(self, words: str, /, retry_after: str | None = None, **facts: object) -> None:
        super().__init__(words, **facts)
        self.retry_after = retry_after


async def ask(client: httpx.AsyncClient, url: str, body: dict[str, object]) -> Reply:
    """Post `body` as JSON and read the whole reply, which is a success. Raises Overloaded or BackendRefused."""
    began = time.monotonic()
    try:
        async with client.stream("POST", url, json=body) as response:
            said = await _bounded(response)
    except httpx.RequestError as error:
        raise _silent(url, error) from error
    reply = Reply(response.status_code, said, time.monotonic() - began)
    _check(reply, response.headers, url)
    return reply


async def ask_streaming(
    client: httpx.AsyncClient, url: str, body: dict[str, object], key: str, say: Callable[[str], None]
) -> Answer:
    """Post `body` and read the answer as it comes; `say` is given all of its text so far.

    Raises Overloaded, BackendUnavailable or BackendRefused.
    """
    began = time.monotonic()
    try:
        async with client.stream("POST", url, json=body) as response:
            if not _streams(response):
                reply = Reply(response.status_code, await _bounded(response), time.monotonic() - began)
                _check(reply, response.headers, url)
                return read_answer(key, reply)
            pieces = await _pieces(response, say)
    except httpx.RequestError as error:
        raise _silent(url, error) from error
    return pieces.answer(key, time.monotonic() - began)


def _streams(response: httpx.Response) -> bool:
    return response.status_code == 200 and "text/event-stream" in response.headers.get("content-type", "")


async def _pieces(response: httpx.Response, say: Callable[[str], None]) -> Pieces:
    pieces, size = Pieces(), 0
    async for line in response.aiter_lines():
        size += len(line)
        if size > LARGEST_REPLY:
            raise _too_long(response)
        pieces.take(line)
        say(pieces.text)
        if pieces.over:
            break
    return pieces


def authorization(variable: str) -> dict[str, str]:
    """The header for the key in the environment variable `variable`; none where the name is empty.

    Only names that end in _API_KEY are read: whoever sets up a generator chooses both this name and where the
    key is sent, and must not get hold of the server's other secrets that way.
    """
    if not variable:
        return {}
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*_API_KEY", variable):
        raise BackendRefused(
            "api_key_env must be the name of an environment variable that ends in _API_KEY, and not the key itself."
        )
    key = os.environ.get(variable, "").strip()
    if not key or not key.isascii() or not key.isprintable():
        raise BackendRefused(
            "The environment variable %(name)s holds no usable key; set it for the workers.", name=variable
        )
    return {"Authorization": f"Bearer {key}"}


def is_loopback(url: str) -> bool:
    """Whether `url` is on this machine, which a proxy cannot reach."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _bounded(response: httpx.Response) -> bytes:
    said = bytearray()
    async for chunk in response.aiter_bytes():
        said += chunk
        if len(said) > LARGEST_REPLY:
            raise _too_long(response)
    return bytes(said)


def _check(reply: Reply, headers: httpx.Headers, url: str) -> None:
    status = reply.status
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise BackendRefused(
            "%(host)s redirects (%(status)d), which is not followed, since the key would go along. "
            "Give the final base URL.",
            host=_host(url),
            status=status,
        )
    facts = {"host": _host(url), "status": status, "said": said_wrong(reply)}
    if status >= 500 or status in WORTH_A_RETRY:
        raise Overloaded("%(host)s answered %(status)d: %(said)s", retry_after=headers.get("retry-after"), **facts)
    cure = CURES.get(status, NO_CURE)
    raise BackendRefused("%(host)s answered %(status)d: %(said)s %(cure)s", cure=cure, **facts)


def _silent(url: str, error: httpx.RequestError) -> Overloaded:
    why = str(error) or type(error).__name__
    return Overloaded("%(host)s did not answer: %(why)s.", host=_host(url), why=why)


def _too_long(response: httpx.Response) -> BackendRefused:
    most = LARGEST_REPLY >> 20
    return BackendRefused("%(host)s sent more than %(most)d MiB for one answer.", host=response.url.host, most=most)


def _host(url: str) -> str:
    return urlsplit(url).netloc
