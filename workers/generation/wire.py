"""The shapes of OpenAI's chat completions: what we send, and what we take from what comes back.

https://platform.openai.com/docs/api-reference/chat
"""

import json
from typing import Any, NamedTuple

from workers.generation.backend import Answer, BackendRefused, BackendUnavailable, FinishReason, Request
from workers.generation.text import storable

QUOTED = 200  # characters of a server's own words in our error


class Reply(NamedTuple):
    """A whole HTTP reply, and how long it took."""

    status: int
    body: bytes
    seconds: float


def completion_body(request: Request, model: str) -> dict[str, Any]:
    """The JSON body that asks for one answer; `top_k`, which OpenAI itself lacks, only where it is used."""
    sampling = request.sampling
    body = {
        "model": model,
        "messages": [{"role": m["role"], "content": m["content"]} for m in request.messages],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_new_tokens,
        "seed": sampling.seed,
        "stream": False,
    }
    return body | ({"top_k": sampling.top_k} if sampling.top_k else {})


def read_answer(key: str, reply: Reply) -> Answer:
    """The answer in a 200 reply. Raises BackendRefused where it has not the shape of a chat completion."""
    try:
        whole = json.loads(reply.body)
        choice, usage = whole["choices"][0], whole.get("usage") or {}
        return Answer(
            key=key,
            text=storable(choice["message"]["content"] or ""),
            finish_reason=_finish_reason(choice.get("finish_reason")),
            prompt_tokens=int(usage.get("prompt_tokens") or 0),
            completion_tokens=int(usage.get("completion_tokens") or 0),
            latency_ms=round(reply.seconds * 1000),
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BackendRefused(
            "The server's reply is not a chat completion. The location must be the base URL of an "
            "OpenAI-compatible server, which usually ends in /v1."
        ) from error


def streamed_body(request: Request, model: str) -> dict[str, Any]:
    """The JSON body that asks for one answer in pieces."""
    return completion_body(request, model) | {"stream": True, "stream_options": {"include_usage": True}}


class Pieces:
    """An answer that comes as server-sent events, line by line (html.spec.whatwg.org/#event-stream-interpretation)."""

    def __init__(self) -> None:
        self.text = ""
        self.finish: object = None
        self.usage: dict[str, Any] = {}
        self.over = False

    def take(self, line: str) -> None:
        """Raises BackendRefused for what is no chunk of a completion, BackendUnavailable for the server's error."""
        if not line.startswith("data:"):
            return
        said = line.removeprefix("data:").strip()
        if said == "[DONE]":
            self.over = True
            return
        try:
            self._chunk(json.loads(said))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise BackendRefused("The server's stream is not one of chat completion chunks.") from error

    def _chunk(self, chunk: dict[str, Any]) -> None:
        if "error" in chunk:
            why = said_wrong(Reply(200, json.dumps(chunk).encode(), 0))
            raise BackendUnavailable("The server stopped: %(why)s", why=why)
        self.usage = chunk.get("usage") or self.usage
        for choice in chunk["choices"][:1]:
            self.text += choice["delta"].get("content") or ""
            self.finish = choice.get("finish_reason") or self.finish

    def answer(self, key: str, seconds: float) -> Answer:
        """Raises BackendUnavailable where the stream broke off."""
        if not (self.over or self.finish):
            raise BackendUnavailable("The server's stream broke off in the middle of the answer.")
        return Answer(
            key=key,
            text=storable(self.text),
            finish_reason=_finish_reason(self.finish),
            prompt_tokens=int(self.usage.get("prompt_tokens") or 0),
            completion_tokens=int(self.usage.get("completion_tokens") or 0),
            latency_ms=round(seconds * 1000),
        )


def said_wrong(reply: Reply) -> str:
    """The server's own explanation of an error, shortened and on one line, for a sentence of ours."""
    try:
        said = json.loads(reply.body)["error"]["message"]
    except (ValueError, LookupError, TypeError):
        said = reply.body.decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in str(said)[:QUOTED]).split())


def _finish_reason(said: object) -> FinishReason:
    """OpenAI's `length` means cut off; every other reason (stop, content_filter, end_turn…) is the model's end."""
    return "length" if said == "length" else "stop"
