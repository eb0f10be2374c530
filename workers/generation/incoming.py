"""What clients of our server send, read strictly, and what they get back."""

import secrets
import time
from typing import Any, NamedTuple

from workers.generation.backend import Answer, FinishReason, Message, Request, Sampling

ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
UNSUPPORTED = [
    "tools",
    "functions",
    "stop",
    "logprobs",
    "response_format",
    "logit_bias",
    "frequency_penalty",
    "presence_penalty",
    "audio",
]
MOST_TOKENS = 512  # where the client names no limit


class BadRequest(Exception):
    """The client's request cannot be answered; the text says why, `status` how HTTP says it."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class ChatRequest(NamedTuple):
    request: Request
    stream: bool
    usage_at_end: bool


def read_chat_request(body: object, *, model: str) -> ChatRequest:
    """Check a chat completion's JSON and take from it what we can do. Raises BadRequest."""
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    if body.get("model", model) not in (model, "default"):
        raise BadRequest(f"This server serves only “{model}”.", 404)
    if refused := [name for name in UNSUPPORTED if body.get(name)]:
        raise BadRequest(f"Not supported here: {', '.join(refused)}.")
    if body.get("n") not in (None, 1):
        raise BadRequest("Only n = 1 is supported; ask several times with different seeds.")
    request = Request(_new_id(), _messages(body.get("messages")), _sampling(body))
    wants_usage = isinstance(options := body.get("stream_options"), dict) and bool(options.get("include_usage"))
    return ChatRequest(request, bool(body.get("stream")), wants_usage)


def completion(answer: Answer, model: str) -> dict[str, Any]:
    """The reply to a request that does not stream."""
    message = {"role": "assistant", "content": answer.text}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason}
    return _reply(answer.key, model, "chat.completion", [choice]) | {"usage": usage(answer)}


def chunk(key: str, model: str, delta: dict[str, str], finish_reason: FinishReason | None = None) -> dict[str, Any]:
    """One event of a stream."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return _reply(key, model, "chat.completion.chunk", [choice])


def usage_chunk(answer: Answer, model: str) -> dict[str, Any]:
    """The last event of a stream whose client asked for usage."""
    return _reply(answer.key, model, "chat.completion.chunk", []) | {"usage": usage(answer)}


def usage(answer: Answer) -> dict[str, int]:
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
    }


def _reply(key: str, model: str, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": key, "object": kind, "created": int(time.time()), "model": model, "choices": choices}


def _new_id() -> str:
    return f"chatcmpl-{secrets.token_hex(12)}"


def _messages(given: object) -> list[Message]:
    if not isinstance(given, list) or not given:
        raise BadRequest("messages must be a list with at least one message.")
    return [_message(each) for each in given]


def _message(given: object) -> Message:
    role = given.get("role") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(role, str) or role not in ROLES:
        raise BadRequest(f"Each message needs a role, one of {', '.join(ROLES)}.")
    return Message(role=ROLES[role], content=_content(given.get("content")))


def _content(given: object) -> str:
    """A message's text: a string, or OpenAI's list of text parts."""
    if isinstance(given, str):
        return given
    if not isinstance(given, list) or not all(_is_text_part(part) for part in given):
        raise BadRequest("A message's content must be a text or a list of text parts.")
    return "\n".join(part["text"] for part in given)


def _is_text_part(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)


def _sampling(body: dict[str, Any]) -> Sampling:
    limit = "max_tokens" if body.get("max_completion_tokens") is None else "max_completion_tokens"
    seed = _number(body, "seed", secrets.randbits(32), whole=True)
    try:
        return Sampling(
            temperature=_number(body, "temperature", 1.0),
            top_p=_number(body, "top_p", 1.0),
            top_k=int(_number(body, "top_k", 0, whole=True)),
            max_new_tokens=int(_number(body, limit, MOST_TOKENS, whole=True)),
            seed=int(seed),
        )
    except ValueError as error:
        raise BadRequest(f"{error}.") from error


def _number(body: dict[str, Any], name: str, default: float, *, whole: bool = False) -> float:
    value = default if body.get(name) is None else body[name]
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise BadRequest(f"{name} must be a {'whole ' if whole else ''}number.")
    return value
