"""Gives memory back that a model has had: to the GPU's driver, and to the operating system."""

import ctypes
import gc
from contextlib import suppress

import torch


def give_back() -> None:
    """Collect what nobody holds any more, and let go of it.

    glibc keeps freed blocks of a model's size in its arenas, for this process alone: after a GGUF model of half a
    gigabyte was unpacked these were 400 MB. Other C libraries have no `malloc_trim` and need none.
    """
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
