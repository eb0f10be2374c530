"""Parquet shards, typed by the format's columns.

Row groups hold about 12 MB of text: readers that work in parallel (Ray Data, Spark) take a row group at a time, and
Spark puts several together. A shard is one file; a split of one shard is `train.parquet`, one of several is
`train-00000-of-00003.parquet` and so on, as the hub names them.
"""

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from exports.arrow import schema_of, table_of
from exports.disk import Facts, HashedFile
from exports.formats.columns import Columns
from exports.formats.options import Row
from exports.kinds import PARQUET
from exports.writers import Block

COMPRESSION = "zstd"
LEVEL = 1


class Parquet:
    """One split as one file or several. `row_group` and `shard` are bytes of JSON lines."""

    wants_rows = True

    def __init__(self, folder: Path, split: str, columns: Columns, row_group: int, shard: int):
        self._folder, self._split = folder, split
        self._schema = schema_of(columns)
        self._row_group, self._shard_bytes = row_group, shard
        self._rows: list[Row] = []
        self._size = 0
        self._shards = [_Shard(folder / self._draft_name(0), self._schema)]

    def write(self, block: Block) -> None:
        if not self._rows and self._shards[-1].content >= self._shard_bytes:
            self._shards[-1].finish()
            self._shards.append(_Shard(self._folder / self._draft_name(len(self._shards)), self._schema))
        self._shards[-1].count(block.lines)
        self._rows += block.rows
        self._size += len(block.lines)
        if self._size >= self._row_group:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._shards[-1].write(self._rows)
        self._rows, self._size = [], 0

    def finish(self) -> dict[str, Facts]:
        self._flush()
        self._shards[-1].finish()
        return {self._named(number, shard): shard.facts for number, shard in enumerate(self._shards)}

    def close(self) -> None:
        self._shards[-1].close()

    def _named(self, number: int, shard: "_Shard") -> str:
        """The shard's name, once it is known how many there are."""
        count = len(self._shards)
        name = f"{self._split}-{number:05d}-of-{count:05d}.{PARQUET}" if count > 1 else f"{self._split}.{PARQUET}"
        shard.path.rename(self._folder / name)
        return name

    def _draft_name(self, number: int) -> str:
        return f".{self._split}-{number}.{PARQUET}"


class _Shard:
    def __init__(self, path: Path, schema: pa.Schema):
        self.path = path
        self.rows = self.content = 0
        self._schema = schema
        self._file = HashedFile(path)
        self._hash = hashlib.sha256()  # of the JSON lines: Parquet's bytes depend on pyarrow's version too
        self._sink = _Sink(self._file)
        self._writer = pq.ParquetWriter(
            pa.PythonFile(self._sink, mode="w"), schema, compression=COMPRESSION, compression_level=LEVEL
        )

    def count(self, lines: bytes) -> None:
        """Take note of rows that `write` will bring: of their lines only the size and the hash are kept."""
        self._hash.update(lines)
        self.content += len(lines)

    def write(self, rows: list[Row]) -> None:
        table = table_of(rows, self._schema)
        rows.clear()
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))
        self.rows += table.num_rows

    def finish(self) -> None:
        self._writer.close()
        self._file.sync()
        self._file.close()

    def close(self) -> None:
        """Also of what was given up: pyarrow writes a footer when it goes, which then leads nowhere."""
        self._sink.given_up = True
        self._writer.close()
        self._file.close()

    @property
    def facts(self) -> Facts:
        return {"rows": self.rows, **self._file.facts, "content_sha256": self._hash.hexdigest()}


class _Sink:
    """What pyarrow asks of a file that it only writes to."""

    closed = given_up = False

    def __init__(self, file: HashedFile):
        self._file = file

    def write(self, block: Any) -> int:
        return len(block) if self.given_up else self._file.write(bytes(block))

    def tell(self) -> int:
        return self._file.bytes

    def flush(self) -> None:
        """All is written through at once."""

    def close(self) -> None:
        """The shard closes the file itself, when it is on disk."""

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False
