"""What every generator looks like from outside: requests in, answers out, and three ways to fail."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypedDict

from workers.sentences import Spoken

FinishReason = Literal["stop", "length"]


class Message(TypedDict):
    """One turn of a conversation; `role` is `system`, `user` or `assistant`."""

    role: str
    content: str


class BackendUnavailable(Spoken):
    """The model cannot be reached or is overloaded just now: the same call may succeed later."""


class BackendRefused(Spoken):
    """The set-up is wrong, so a retry is pointless. The text is a sentence for a person, with the cure."""


class Cancelled(Exception):
    """The caller's `cancelled()` said so; unfinished answers are dropped."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn. Raises ValueError for values that mean nothing."""

    temperature: float = 0.7
    """0 takes the likeliest token each time (greedy)."""
    top_p: float = 1.0
    """Keep the smallest set of tokens that holds this much probability (Holtzman et al. 2020); 1 keeps all."""
    top_k: int = 0
    """Keep this many likeliest tokens; 0 keeps all."""
    max_new_tokens: int = 256
    seed: int = 0
    """The answer depends on this and on the prompt, not on what else is in the batch."""

    def __post_init__(self) -> None:
        _demand(math.isfinite(self.temperature) and self.temperature >= 0, "temperature must be 0 or more")
        _demand(0 < self.top_p <= 1, "top_p must be above 0 and at most 1")
        _demand(self.top_k >= 0, "top_k must be 0 (off) or more")
        _demand(self.max_new_tokens >= 1, "max_new_tokens must be 1 or more")
        _demand(0 <= self.seed < 2**63, "seed must be between 0 and 2^63 - 1")


@dataclass(frozen=True, slots=True)
class Request:
    """One answer that is wanted. `key` is the caller's own and comes back with the answer."""

    key: str
    messages: list[Message]
    sampling: Sampling


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. Token counts are the model's own, the end token included; latency from when its batch began."""

    key: str
    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    latency_ms: int


def never() -> bool:
    """The `cancelled` of a caller that cannot be cancelled."""
    return False


class Listener(Protocol):
    """Who hears answers while they are made; always called on the thread that called the backend."""

    def hear(self, texts: list[str]) -> None:
        """Each request's text so far, several times a second; a text only ever grows."""

    def ended(self, index: int, outcome: "Answer | BackendUnavailable | BackendRefused") -> None:
        """The request at `index` has its whole answer, or failed by itself: the others go on."""


class Backend(Protocol):
    """A model that answers. Use it from one thread at a time; `close()` gives its memory back."""

    def generate(self, requests: Sequence[Request], *, cancelled: Callable[[], bool] = never) -> list[Answer]:
        """Answer every request, in their order.

        `cancelled` is asked often, always on the caller's thread, so it may read a database.
        Raises BackendUnavailable, BackendRefused or Cancelled; then there are no answers at all.
        """

    def stream_all(
        self, requests: Sequence[Request], listener: Listener, *, cancelled: Callable[[], bool] = never
    ) -> None:
        """Answer a few requests at once, heard as they are made. Each ends once: see `Listener`.

        Raises what `generate` raises where none can go on; what had ended by then has ended.
        """

    def close(self) -> None: ...


def _demand(true: bool, otherwise: str) -> None:
    if not true:
        raise ValueError(otherwise)
