"""JSON lines → the files of one split: plain, compressed, an array, CSV. Parquet is in parquet.py.

Each writer is given blocks of rows with their lines, and makes its file of them.
"""

import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import orjson
import zstandard

from exports import guarded_csv, kinds
from exports.disk import Facts, HashedFile
from exports.formats.columns import Columns
from exports.formats.options import Row

ZSTD_LEVEL = 3
GZIP_LEVEL = 3  # of pairs, a fifth more bytes than 6 in a third of its time; who wants them few takes zstd


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows, and the same rows as JSON lines. `rows` may be left out where no writer looks at them."""

    lines: bytes
    count: int
    rows: list[Row]


class Writer(Protocol):
    """One split in one kind of file."""

    wants_rows: bool
    """Whether it looks at the rows of a block, beside their lines."""

    def write(self, block: Block) -> None:
        """Take some more rows."""

    def finish(self) -> dict[str, Facts]:
        """Put what is there on disk; answers each file's name and its facts `{rows, bytes, sha256}`."""

    def close(self) -> None:
        """Let go of the file, whether finished or not."""


class LineWriter:
    """A file that is made block by block. Those below change what becomes of a block."""

    wants_rows = False

    def __init__(self, folder: Path, split: str, kind: str):
        self.name = f"{split}.{kind}"
        self.file = HashedFile(folder / self.name)
        self.rows = 0

    def write(self, block: Block) -> None:
        self.rows += block.count
        if made := self.made(block.lines):
            self.file.write(made)

    def finish(self) -> dict[str, Facts]:
        if rest := self.rest():
            self.file.write(rest)
        self.file.sync()
        return {self.name: {"rows": self.rows, **self.file.facts, **self.content()}}

    def close(self) -> None:
        self.file.close()

    def made(self, lines: bytes) -> bytes:
        return lines

    def rest(self) -> bytes:
        return b""

    def content(self) -> Facts:
        """A hash of what the file holds, where its bytes depend on a library's version too."""
        return {}


class Compressed(LineWriter):
    """gzip or zstd, one member or frame, with the codec's own checksum: a reader notices a file that was cut."""

    def __init__(self, folder: Path, split: str, kind: str):
        super().__init__(folder, split, kind)
        gzip = kind.endswith(".gz")
        frame = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True)
        self._codec = zlib.compressobj(GZIP_LEVEL, wbits=31) if gzip else frame.compressobj()
        self._content = hashlib.sha256()

    def made(self, lines: bytes) -> bytes:
        self._content.update(lines)
        return self._codec.compress(lines)

    def rest(self) -> bytes:
        return self._codec.flush()

    def content(self) -> Facts:
        return {"content_sha256": self._content.hexdigest()}


class JsonArray(LineWriter):
    """One JSON array, a row a line."""

    def made(self, lines: bytes) -> bytes:
        opening = b"[\n" if self.rows and not self.file.bytes else b",\n"
        return opening + lines[:-1].replace(b"\n", b",\n")

    def rest(self) -> bytes:
        return b"\n]\n" if self.rows else b"[]\n"


class Csv(LineWriter):
    """A table for spreadsheets and plain readers: RFC 4180, UTF-8, cells guarded (guarded_csv.py)."""

    def __init__(self, folder: Path, split: str, columns: Columns):
        super().__init__(folder, split, kinds.CSV)
        self._columns = list(columns)
        self.file.write(guarded_csv.table([self._columns]))

    def made(self, lines: bytes) -> bytes:
        rows = (orjson.loads(line) for line in lines.splitlines())
        return guarded_csv.table([row[name] for name in self._columns] for row in rows)


def writer(folder: Path, split: str, kind: str, columns: Columns, row_group: int, shard: int) -> Writer:
    """The writer of `folder/split.kind`. `row_group` and `shard` are bytes of JSON, for Parquet."""
    if kind == kinds.PARQUET:
        from exports.parquet import Parquet  # loads pyarrow, which the web server does without

        return Parquet(folder, split, columns, row_group, shard)
    if kind == kinds.CSV:
        return Csv(folder, split, columns)
    if kind == kinds.JSON_ARRAY:
        return JsonArray(folder, split, kind)
    return LineWriter(folder, split, kind) if kind == kinds.JSON_LINES else Compressed(folder, split, kind)
