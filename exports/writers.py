"""Rows → bytes on disk, counted and hashed on the way."""

import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from exports.formats import Row

EXTENSION = "jsonl"
BUFFER = 1 << 18  # a file; there are three a format

# Valid within JSON as they are, but `str.splitlines` and its kin break lines at them.
LINE_BREAKS = (
    ("\u0085".encode(), rb"\u0085"),
    ("\u2028".encode(), rb"\u2028"),
    ("\u2029".encode(), rb"\u2029"),
)


def line(row: Row) -> bytes:
    """`row` as one line of JSON in UTF-8, with its newline and no other line break of any kind."""
    encoded = orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
    for sign, escape in LINE_BREAKS:
        if sign in encoded:
            encoded = encoded.replace(sign, escape)
    return encoded


class JsonLines:
    """One file, one JSON object a line. `facts` is its entry in the manifest."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("xb", buffering=BUFFER)
        self._hash = hashlib.sha256()
        self.rows = self.bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, row: Row) -> None:
        encoded = line(row)
        self._file.write(encoded)
        self._hash.update(encoded)
        self.rows += 1
        self.bytes += len(encoded)

    def sync(self) -> None:
        """Until this returns the rows may be in memory only."""
        self._file.flush()
        os.fsync(self._file.fileno())

    @property
    def facts(self) -> dict[str, int | str]:
        return {"rows": self.rows, "bytes": self.bytes, "sha256": self._hash.hexdigest()}
