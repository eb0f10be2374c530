"""A download that is broken off anywhere, by its reader or by the server's end, goes on where it was and is whole.

Where it breaks is drawn by the clock. A failure names the seed: `BREAK_SEED=… pytest …` draws the same again.
"""

import hashlib
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.production.conftest import free_port
from tests.production.test_downloads import SIZE, content, serving

__all__ = ["content"]  # a fixture

ETAG = '"x"'
LEAVES, DEATHS = 6, 2
BLOCK = 1 << 16


@pytest.fixture
def draw() -> Iterator[random.Random]:
    seed = int(os.environ.get("BREAK_SEED", time.time_ns()))
    print(f"BREAK_SEED={seed}")
    return random.Random(seed)


def read_on(url: str, got: bytearray, most: int) -> Iterator[None]:
    """Ask for all that is missing, and take up to `most` bytes of it; yields in front of every block."""
    headers = {"Range": f"bytes={len(got)}-", "If-Range": ETAG, "Accept-Encoding": "identity"}
    ends = len(got) + most
    with httpx.stream("GET", f"{url}/file", headers=headers, timeout=60) as answer:
        assert answer.status_code == (206 if got else 200)
        assert answer.headers.get("content-range", "") == (f"bytes {len(got)}-{SIZE - 1}/{SIZE}" if got else "")
        for block in answer.iter_raw(BLOCK):
            got += block
            if len(got) >= ends:
                return
            yield


def test_interrupted_anywhere(content: Path, draw: random.Random, tmp_path: Path) -> None:
    port, got = free_port(), bytearray()
    for death in range(DEATHS):
        with serving(content, tmp_path / str(death), port) as (url, kill):
            for _ in range(LEAVES // DEATHS):
                list(read_on(url, got, draw.randrange(1, SIZE // 10)))
            assert len(got) < SIZE
            reading = read_on(url, got, SIZE)
            for _ in range(draw.randrange(8)):
                next(reading)
            kill()
            with pytest.raises(httpx.TransportError):  # a reader is never told that this was all
                list(reading)
            assert hashlib.sha256(got).digest() != hashlib.sha256(content.read_bytes()).digest()
    with serving(content, tmp_path / "last", port) as (url, _):
        list(read_on(url, got, SIZE))
    assert bytes(got) == content.read_bytes()
