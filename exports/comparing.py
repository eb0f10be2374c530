"""What one snapshot has that another has not, row by row.

Rows are known by what they say: a row of one that is not in the other was removed or added. Of those, rows that are
about the same (for K-wise rows the prompt with its answers, for pairs the same two answers) were changed.
"""

import gzip
import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson
import pyarrow.parquet as pq
import zstandard

from exports import lines, shelf
from exports.kinds import PARQUET
from exports.matching import AFTER, BEFORE, Change, Line, Matching
from exports.models import Snapshot
from exports.reading import cut_short, facts_of

ADDED, REMOVED, CHANGED, ALIKE = "added", "removed", "changed", "alike"
KEYS = ("group_id", "prompt_id", "message_tree_id")
TEXT_FILES = ("jsonl", "json", "jsonl.zst", "jsonl.gz")
OPENERS: dict[str, Callable[[Path], IO[bytes]]] = {".gz": gzip.open, ".zst": zstandard.open}  # type: ignore[dict-item]
REPORT_EVERY = 5_000  # rows

Report = Callable[[int], None]
Counts = dict[str, int]


def shared_formats(one: Snapshot, other: Snapshot) -> list[str]:
    """The formats that both hold in files that can be compared: of JSON lines, however packed, or Parquet in both."""
    found = {name for name, _ in _formats(one) & _formats(other)}
    return sorted(found)


def _formats(snapshot: Snapshot) -> set[tuple[str, bool]]:
    """Format names, each with whether it is Parquet."""
    names = (name.partition("/") for name in snapshot.manifest.get("files", {}))
    kinds = ((form, rest.partition(".")[2]) for form, _, rest in names)
    return {(form, kind == PARQUET) for form, kind in kinds if kind in (*TEXT_FILES, PARQUET)}


@dataclass(frozen=True)
class Pair:
    """One format and split of both snapshots: what differs is written as it is found."""

    before: Snapshot
    after: Snapshot
    name: str
    split: str

    def rows(self) -> int:
        return sum(
            snapshot.manifest["files"][name]["rows"]
            for snapshot in (self.before, self.after)
            for name in self._of(snapshot)
        )

    def compare(self, scratch: Path, write: Callable[[str, bytes], None], report: Report) -> Counts:
        """Write every change as one JSON line `{change, split, before, after}`; answers how many there are of each.

        Memory is flat; `scratch` is a folder to work in. `report(rows)` counts rows that were read.
        """
        counts = dict.fromkeys((ADDED, REMOVED, CHANGED, ALIKE), 0)
        sides = [self._plain(side, scratch) for side in (BEFORE, AFTER)]
        with Matching(scratch, self.rows()) as matching, sides[0].open("rb") as old, sides[1].open("rb") as new:
            matching.add(BEFORE, _lines(old, report))
            matching.add(AFTER, _lines(new, report))
            for found in matching.found():
                report(0)
                counts[ALIKE] += found.alike
                for change in found.changes:
                    kind = _kind(change)
                    counts[kind] += 1
                    write(kind, self._said(kind, _text(old, change[0]), _text(new, change[1])))
        return counts

    def _said(self, kind: str, before: bytes, after: bytes) -> bytes:
        return b'{"change":"%b","split":"%b","before":%b,"after":%b}\n' % (
            kind.encode(),
            self.split.encode(),
            before,
            after,
        )

    def _of(self, snapshot: Snapshot) -> list[str]:
        """The snapshot's files of this format and split, in that kind of file that is quickest to compare."""
        mine = [name for name in snapshot.manifest["files"] if _split_of(name) == (self.name, self.split)]
        kinds = {name.partition(".")[2] for name in mine}
        common = (*TEXT_FILES, PARQUET) if self._is_text() else (PARQUET,)
        kind = next((kind for kind in common if kind in kinds), "")
        return sorted(name for name in mine if name.partition(".")[2] == kind)

    def _is_text(self) -> bool:
        return (self.name, False) in _formats(self.before) & _formats(self.after)

    def _plain(self, side: int, scratch: Path) -> Path:
        """The rows as one file with a row a line: the snapshot's own where it is one already."""
        snapshot = (self.before, self.after)[side]
        paths = [_path(snapshot, name) for name in self._of(snapshot)]
        if len(paths) == 1 and paths[0].suffix in (".jsonl", ".json"):
            return paths[0]
        plain = scratch / f"{side}.jsonl"
        with plain.open("wb") as target:
            for path in paths:
                _unpack(path, target)
        return plain


def _split_of(name: str) -> tuple[str, str]:
    """`kwise/train-00000-of-00002.parquet` → `("kwise", "train")`."""
    form, _, rest = name.partition("/")
    return form, rest.partition(".")[0].partition("-")[0]


def _path(snapshot: Snapshot, name: str) -> Path:
    """The file on this machine. Raises as `reading.open_file` does."""
    facts, path = facts_of(snapshot, name), shelf.local(snapshot, name)
    if not path.is_file() or path.stat().st_size != facts["bytes"]:
        raise cut_short(snapshot, name, facts)
    return path


def _unpack(path: Path, target: IO[bytes]) -> None:
    if path.suffix == ".parquet":
        with pq.ParquetFile(path) as table:
            for batch in table.iter_batches(batch_size=1_000):
                target.writelines(lines.line(row) for row in batch.to_pylist())
        return
    with OPENERS[path.suffix](path) as source:
        shutil.copyfileobj(source, target, 1 << 20)


def _lines(file: IO[bytes], report: Report) -> Iterator[Line]:
    at = rows = 0
    for raw in file:
        text = _bare(raw)
        if text.startswith(b"{"):  # an array has its brackets on lines of their own
            row = unnamed(orjson.loads(text))
            yield Line(_hash(row), _hash(about(row)), at, len(raw))
            if (rows := rows + 1) % REPORT_EVERY == 0:
                report(REPORT_EVERY)
        at += len(raw)
    report(rows % REPORT_EVERY)


def _bare(raw: bytes) -> bytes:
    return raw.strip().rstrip(b",")


def _text(file: IO[bytes], line: Line | None) -> bytes:
    if line is None:
        return b"null"
    file.seek(line.at)
    return _bare(file.read(line.size))


def _kind(change: Change) -> str:
    before, after = change
    return ADDED if before is None else REMOVED if after is None else CHANGED


def _hash(value: Any) -> bytes:
    return hashlib.blake2b(orjson.dumps(value), digest_size=16).digest()


def unnamed(row: dict[str, Any]) -> dict[str, Any]:
    """What the row says, whoever said it: pseudonyms are each snapshot's own."""
    if "annotator" not in row and "judgements" not in row:
        return row
    judgements = [{**one, "annotator": None} for one in row.get("judgements", ())]
    judgements.sort(key=orjson.dumps)
    return {**row, "annotator": None, "judgements": judgements}


def about(row: dict[str, Any]) -> list[Any]:
    """What the row is about; rows without a key of their own are about what they say, and never change."""
    name = next((name for name in KEYS if name in row), None)
    if name is None:
        return [row]
    if "chosen" in row:
        return [row[name], *sorted(orjson.dumps(row.get(side)).decode() for side in ("chosen", "rejected"))]
    if "label" in row:  # an answer for itself, wanted or not
        return [row[name], row.get("completion")]
    return [row[name]]
