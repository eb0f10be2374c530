"""Models that answer prompts. Importing this loads neither torch nor transformers; opening a local model does."""

from collections.abc import Mapping
from typing import Any

from workers.generation.backend import (
    Answer,
    Backend,
    BackendRefused,
    BackendUnavailable,
    Cancelled,
    Listener,
    Message,
    Request,
    Sampling,
)
from workers.generation.text import dedupe, storable

__all__ = [
    "Answer",
    "Backend",
    "BackendRefused",
    "BackendUnavailable",
    "Cancelled",
    "Listener",
    "Message",
    "Request",
    "Sampling",
    "dedupe",
    "open_backend",
    "storable",
]


def open_backend(kind: str, location: str, options: Mapping[str, Any]) -> Backend:
    """Open the model at `location`: a folder, .gguf file or `package:NAME` for `transformers`, a URL for `openai`.

    The options are those of the backend's class. Raises BackendRefused where the set-up is wrong.
    """
    if kind == "transformers":
        from workers.generation.local import TransformersBackend

        return TransformersBackend(location, options)
    if kind == "openai":
        from workers.generation.remote import OpenAIBackend

        return OpenAIBackend(location, options)
    raise BackendRefused("There is no backend “%(kind)s”; use transformers or openai.", kind=kind)
