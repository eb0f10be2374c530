"""Bytes on disk, counted and hashed on the way; on other threads than the one that makes them."""

import hashlib
import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

Facts = dict[str, int | str]


class Background:
    """Threads that do things file by file: what one file is given is done in order, and files beside each other.

    Hashing, compressing and writing leave Python's lock alone, so that they cost the making of rows little. A file has
    at most one thing waiting: memory stays flat, and the maker waits for a disk that is slower.
    """

    def __init__(self, threads: int | None = None):
        self._pool = ThreadPoolExecutor(threads or min(4, os.cpu_count() or 1), thread_name_prefix="write")

    def __enter__(self) -> "Background":
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, task: Any, *arguments: Any) -> "Future[None]":
        return self._pool.submit(task, *arguments)


class HashedFile:
    """A file that is being written. It must be new; `close` returns when it is on disk."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("xb", buffering=0)
        self._hash = hashlib.sha256()
        self.bytes = 0

    def write(self, block: bytes) -> int:
        view = memoryview(block)
        self._hash.update(view)
        self.bytes += len(view)
        while len(view):
            view = view[self._file.write(view) :]
        return len(block)

    def sync(self) -> None:
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    @property
    def facts(self) -> Facts:
        return {"bytes": self.bytes, "sha256": self._hash.hexdigest()}
