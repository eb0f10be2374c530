"""A format's split on its way to disk: records in, files out."""

from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path

from exports.disk import Background, Facts
from exports.formats import FORMATS, Options, Row
from exports.formats.columns import is_flat
from exports.kinds import CSV, PARQUET
from exports.lines import dump, escaped
from exports.query import Query
from exports.record import Record
from exports.writers import Block, Writer, writer

BLOCK = 1 << 17  # bytes of JSON lines that are handed on at once
ROW_GROUP = 12 << 20  # bytes of JSON lines in a row group, where one format is written
ROW_GROUPS = 1 << 25  # and in the row groups of all formats together: they wait in memory
MB = 10**6


class Table:
    """One format, one split, as one file or several. Used as a context; `finish` says what was written."""

    def __init__(self, name: str, split: str, folder: Path, query: Query, options: Options, background: Background):
        self.name, self.split = name, split
        self._rows_of, self._options = FORMATS[name].rows, options
        self._background = background
        columns = FORMATS[name].columns(options)
        group = min(ROW_GROUP, ROW_GROUPS // len(query.formats))
        self._writers: list[Writer] = [
            writer(folder / name, split, kind, columns, group, query.shard_mb * MB)
            for kind in kinds_of(name, query, options)
        ]
        self._keeps_rows = any(one.wants_rows for one in self._writers)
        self._rows: list[Row] = []
        self._lines: list[bytes] = []
        self._size = 0
        self._has_breaks = False
        self._writing: Future[None] | None = None

    def __enter__(self) -> "Table":
        return self

    def __exit__(self, *error: object) -> None:
        if self._writing and not self._writing.cancel():
            self._writing.exception()  # whatever it is, the error on the way out comes first
        for one in self._writers:
            one.close()

    def add(self, record: Record) -> None:
        self.extend(self._rows_of(record, self._options), record.has_breaks)

    def extend(self, rows: Iterable[Row], has_breaks: bool = True) -> None:
        self._has_breaks |= has_breaks
        if self._keeps_rows:
            rows = list(rows)
            self._rows += rows
        made = [dump(row) for row in rows]
        self._lines += made
        self._size += sum(map(len, made))
        if self._size >= BLOCK:
            self._hand_on()

    def _hand_on(self) -> None:
        self._wait()
        self._writing = self._background.submit(self._write, self._lines, self._rows, self._has_breaks)
        self._lines, self._rows, self._size, self._has_breaks = [], [], 0, False

    def _wait(self) -> None:
        """For the block before: raises what went wrong with it."""
        if self._writing:
            self._writing.result()

    def _write(self, lines: list[bytes], rows: list[Row], has_breaks: bool) -> None:
        joined = b"".join(lines)
        block = Block(escaped(joined) if has_breaks else joined, len(lines), rows)
        for one in self._writers:
            one.write(block)

    def finish(self) -> dict[str, Facts]:
        """Put everything on disk; answers the files, by names such as `kwise/train.jsonl`."""
        self._wait()
        if self._lines:
            self._write(self._lines, self._rows, self._has_breaks)
            self._lines, self._rows = [], []
        return {f"{self.name}/{name}": facts for one in self._writers for name, facts in one.finish().items()}


def kinds_of(name: str, query: Query, options: Options) -> list[str]:
    """The kinds of file that a format is written as: those of the query that can hold it, else its own."""
    columns = FORMATS[name].columns(options)
    if query.files is None:
        return list(FORMATS[name].files)
    unable = {CSV: not is_flat(columns), PARQUET: not columns}
    return [kind for kind in query.files if not unable.get(kind)] or list(FORMATS[name].files)
