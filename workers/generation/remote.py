"""The `openai` backend: any server that speaks OpenAI's chat completions."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from typing import Any

import anyio
import httpx
from anyio.from_thread import start_blocking_portal

from workers.generation.asking import Overloaded, ask, ask_streaming, authorization, is_loopback
from workers.generation.backend import (
    Answer,
    BackendRefused,
    BackendUnavailable,
    Cancelled,
    Listener,
    Request,
    never,
)
from workers.generation.location import completions_url
from workers.generation.options import Options
from workers.generation.retrying import wait_seconds
from workers.generation.text import storable
from workers.generation.wire import completion_body, read_answer, streamed_body

ASK_EVERY = 0.2  # seconds between two questions whether the work is cancelled
HEAR_EVERY = 0.1  # seconds between two looks at what has been said


class Talk:
    """What several streams have said so far: written in the portal's thread, read in the caller's."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.outcomes: dict[int, Answer | BackendUnavailable | BackendRefused] = {}
        self.reported: set[int] = set()

    def say(self, index: int, text: str) -> None:
        self.texts[index] = storable(text)

    def report(self, listener: Listener) -> None:
        """Tell the listener of those that have ended since it was last told."""
        for index, outcome in list(self.outcomes.items()):
            if index not in self.reported:
                self.reported.add(index)
                listener.ended(index, outcome)


class OpenAIBackend:
    """Asks `{location}/chat/completions`, a bounded number of requests at a time.

    Options: `model` (the name that the server knows it by), `api_key_env` (the NAME of the environment variable
    that holds the key, ending in _API_KEY), `concurrency`, `attempts` for each request, `timeout` (seconds without
    a byte), `connect_timeout` (seconds).
    """

    def __init__(self, location: str, options: Mapping[str, Any]) -> None:
        self.url = completions_url(location)
        chosen = Options(options)
        self.model = chosen.text("model", "default")
        self.headers = authorization(chosen.text("api_key_env", ""))
        self.concurrency = chosen.positive("concurrency", 8)
        self.attempts = chosen.positive("attempts", 5)
        self.timeout = httpx.Timeout(chosen.seconds("timeout", 600), connect=chosen.seconds("connect_timeout", 10))
        chosen.refuse_others()

    def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] = never) -> list[Answer]:
        """See `Backend.generate`. Cancelling closes the connections, at which servers stop generating."""
        with start_blocking_portal() as portal:  # the requests run in a thread of their own, `cancelled` in ours
            answers = portal.start_task_soon(self._ask_all, requests)
            while not answers.done():
                if cancelled():
                    answers.cancel()
                    raise Cancelled
                wait([answers], timeout=ASK_EVERY)
            return answers.result()

    def stream_all(
        self, requests: Sequence[Request], listener: Listener, *, cancelled: Callable[[], bool] = never
    ) -> None:
        """See `Backend.stream_all`."""
        talk = Talk([""] * len(requests))
        with start_blocking_portal() as portal:
            task = portal.start_task_soon(self._stream_all, requests, talk)
            while not task.done():
                if cancelled():
                    task.cancel()
                    talk.report(listener)
                    raise Cancelled
                wait([task], timeout=HEAR_EVERY)
                listener.hear(list(talk.texts))
                talk.report(listener)
            task.result()
            talk.report(listener)

    def close(self) -> None:
        """Nothing is kept open between calls."""

    async def _ask_all(self, requests: Sequence[Request]) -> list[Answer]:
        answers: dict[int, Answer] = {}
        limiter = anyio.CapacityLimiter(self.concurrency)

        async def fill(index: int) -> None:
            async with limiter:
                answers[index] = await self._patiently(client, requests[index])

        async with self._client() as client:
            try:
                async with anyio.create_task_group() as group:
                    for index in range(len(requests)):
                        group.start_soon(fill, index)
            except ExceptionGroup as failures:  # the first failure has ended the others; its sentence is enough
                raise failures.exceptions[0] from None
        return [answers[index] for index in range(len(requests))]

    async def _patiently(self, client: httpx.AsyncClient, request: Request) -> Answer:
        """One answer, asked for again while the server is overloaded or out of reach."""
        body = completion_body(request, self.model)
        failed = 0
        while True:
            try:
                return read_answer(request.key, await ask(client, self.url, body))
            except Overloaded as error:
                failed += 1
                if failed == self.attempts:
                    raise BackendUnavailable("%(why)s Attempts made: %(n)d.", why=error, n=failed) from error
                pause = wait_seconds(failed - 1, error.retry_after)
            await anyio.sleep(pause)

    async def _stream_all(self, requests: Sequence[Request], talk: "Talk") -> None:
        async def follow(index: int) -> None:
            try:
                talk.outcomes[index] = await self._follow(client, requests[index], talk, index)
            except (BackendUnavailable, BackendRefused) as failure:
                talk.outcomes[index] = failure

        async with self._client() as client, anyio.create_task_group() as group:
            for index in range(len(requests)):
                group.start_soon(follow, index)

    async def _follow(self, client: httpx.AsyncClient, request: Request, talk: "Talk", index: int) -> Answer:
        """One answer as it comes, asked for again as long as nothing of it came."""
        body, failed = streamed_body(request, self.model), 0
        while True:
            try:
                return await ask_streaming(client, self.url, body, request.key, lambda text: talk.say(index, text))
            except Overloaded as error:
                failed += 1
                if failed == self.attempts or talk.texts[index]:
                    raise BackendUnavailable(error) from error
                pause = wait_seconds(failed - 1, error.retry_after)
            await anyio.sleep(pause)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            headers=self.headers,
            timeout=self.timeout,
            follow_redirects=False,
            trust_env=not is_loopback(self.url),
            limits=httpx.Limits(max_connections=self.concurrency),
        )
