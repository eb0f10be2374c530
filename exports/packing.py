"""Compressed copies of a snapshot's files, for readers on a line: made when first asked for, then kept beside them.

A copy is no part of the snapshot: its bytes may differ between versions of zlib, what it unpacks to does not. Where the
query asked for compressed files, those are the snapshot's own and are used instead.
"""

import fcntl
import gzip
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import zstandard

from exports.shelf import Kept

FOLDER = ".packed"  # hidden: whoever loads the folder does not meet each row twice
BLOCK = 1 << 20
PACKABLE = (".jsonl", ".json", ".csv")


@dataclass(frozen=True)
class Coding:
    """A content coding (RFC 9110, section 8.4.1): its name in headers, and its files' ending."""

    name: str
    ending: str
    open: Callable[[IO[bytes]], Any]


def _gzip(file: IO[bytes]) -> Any:
    return gzip.GzipFile(filename="", mode="wb", compresslevel=5, fileobj=file, mtime=0)


def _zstd(file: IO[bytes]) -> Any:
    return zstandard.ZstdCompressor(level=6).stream_writer(file, closefd=False)


CODINGS = (Coding("zstd", "zst", _zstd), Coding("gzip", "gz", _gzip))  # the better one first


def by_ending(ending: str) -> Coding | None:
    return next((coding for coding in CODINGS if coding.ending == ending), None)


def packed(kept: Kept, path: Path, coding: Coding) -> Path:
    """`path`, one of its files, in that coding; two who ask at once wait for one copy."""
    copy = kept.folder / FOLDER / f"{path.relative_to(kept.folder)}.{coding.ending}"
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        with copy.with_name(f"{copy.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not copy.exists():
                _pack(path, copy, coding)
    return copy


def _pack(path: Path, copy: Path, coding: Coding) -> None:
    draft = copy.with_name(f".{secrets.token_hex(4)}")
    try:
        with path.open("rb") as source, draft.open("xb") as target:
            with coding.open(target) as writer:
                while block := source.read(BLOCK):
                    writer.write(block)
            target.flush()
            os.fsync(target.fileno())
        draft.rename(copy)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
