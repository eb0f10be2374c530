"""Reads a causal language model and its tokenizer from local files, and never from a hub."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, GgufConfig
from transformers.utils import logging

from workers.generation import memory
from workers.generation.backend import BackendRefused
from workers.generation.chat import Chat
from workers.generation.location import ModelFiles, model_files
from workers.generation.unpacking import unpacked

DTYPES = {
    "float64": torch.float64,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to answer."""

    model: Any
    chat: Chat
    device: torch.device
    end_ids: frozenset[int]
    """Tokens that end an answer."""
    positions: int | None
    """Tokens, prompt and answer together, that the model was made for; None where it sets no limit."""


def load(location: str, *, device: torch.device, dtype: torch.dtype, cache: str = "") -> LoadedModel:
    """Load what `location` names, in evaluation mode, on `device`. Raises BackendRefused.

    A GGUF file is unpacked into the folder `cache` once, if one is given.
    """
    files = model_files(location)
    try:
        with _quiet():
            if files.gguf and cache:
                files = unpacked(files, Path(cache), partial(_unpack, files))
            tokenizer, model = _read(files, dtype)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, AttributeError, TypeError) as error:
        raise BackendRefused(
            "The model at “%(location)s” could not be loaded: %(why)s "
            "It must be a causal language model with its tokenizer, of a kind that transformers knows.",
            location=location,
            why=_first_line(error),
        ) from error
    return _ready(model.to(device).eval(), Chat(tokenizer), device)


def choose_device(name: str) -> torch.device:
    """`auto` is the GPU where there is one. Raises BackendRefused for a device that is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:  # an unknown name; a torch built without that device
        raise BackendRefused("The device “%(name)s” cannot be used here; use auto or cpu.", name=name) from error


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """`auto` is bfloat16 on a GPU and float32 on a CPU. Raises BackendRefused for an unknown name."""
    if name == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    if name not in DTYPES:
        known = ", ".join(DTYPES)
        raise BackendRefused("The dtype “%(name)s” is unknown; use auto or one of %(known)s.", name=name, known=known)
    return DTYPES[name]


def _read(files: ModelFiles, dtype: torch.dtype) -> tuple[Any, Any]:
    """Tokenizer and model."""
    if files.gguf is None:
        tokenizer = AutoTokenizer.from_pretrained(files.folder, local_files_only=True)
        return tokenizer, AutoModelForCausalLM.from_pretrained(files.folder, dtype=dtype, local_files_only=True)
    where = {"pretrained_model_name_or_path": files.folder, "gguf_file": files.gguf, "local_files_only": True}
    # Dense at once: otherwise transformers looks on a hub for kernels that compute on the packed weights.
    model = AutoModelForCausalLM.from_pretrained(**where, dtype=dtype, quantization_config=GgufConfig(dequantize=True))
    return AutoTokenizer.from_pretrained(**where), model


def _unpack(files: ModelFiles, folder: Path) -> None:
    """Write a GGUF model as a folder, in float32, which loses nothing and serves every dtype."""
    tokenizer, model = _read(files, torch.float32)
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    del tokenizer, model
    memory.give_back()


def _ready(model: Any, chat: Chat, device: torch.device) -> LoadedModel:
    ends = chat.end_ids() | _stop_ids(model)
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    # A checkpoint's own sampling defaults (penalties and such) would change answers without being recorded.
    model.generation_config = GenerationConfig()
    return LoadedModel(model, chat, device, frozenset(ends), positions)


def _stop_ids(model: Any) -> set[int]:
    """The end tokens that the checkpoint's generation settings name: none, one or a list."""
    ids = model.generation_config.eos_token_id
    return set(ids) if isinstance(ids, list) else {ids} - {None}


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:300]


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars in a worker's log; whoever had them gets them back."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
