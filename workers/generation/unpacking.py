"""Keeps a GGUF model unpacked, since reading one takes transformers half a minute and a folder one second.

The unpacked folder also maps into memory, so that several workers share it.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from workers.generation.location import ModelFiles


def unpacked(files: ModelFiles, cache: Path, unpack: Callable[[Path], None]) -> ModelFiles:
    """The folder under `cache` that holds `files` unpacked; the first call makes it with `unpack(folder)`.

    It appears whole or not at all, however many processes ask for it at once and whenever they are killed.
    Raises OSError where the disk is full or not ours.
    """
    folder = cache / _fingerprint(files)
    if not folder.is_dir():
        _make(folder, unpack)
    return ModelFiles(str(folder), None)


def _make(folder: Path, unpack: Callable[[Path], None]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder.parent))
    try:
        unpack(draft)
        os.rename(draft, folder)
    except OSError:
        if not folder.is_dir():  # else another process was faster, and its folder is as good
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _fingerprint(files: ModelFiles) -> str:
    """A folder name that changes with the file; its content is too much to read at each start."""
    path = Path(files.folder, files.gguf or "")
    status = path.stat()
    key = f"{path.resolve()}\n{status.st_size}\n{status.st_mtime_ns}"
    return f"{path.stem}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
