"""What one snapshot has that another has not, row by row.

Rows are known by what they say: a row of one that is not in the other was removed or added. Of those, rows that share
their key (for K-wise rows the prompt with its answers, for pairs the group and the place in it) were changed.
Files are read as streams; what is kept is 16 bytes a row, and a row's place in its file.
"""

import gzip
import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson
import zstandard

from annotation.splitting import SPLITS
from exports.lines import dump, escaped
from exports.models import Snapshot
from exports.reading import open_file

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
KEYS = ("group_id", "prompt_id", "message_tree_id")
READABLE = ("jsonl", "jsonl.zst", "jsonl.gz", "json")


class NotComparable(ValueError):
    """The two snapshots have no format in common that can be compared; the message says so."""


@dataclass(frozen=True)
class Change:
    """A row that only one has, or two rows that say different things of the same."""

    kind: str
    split: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    def as_dict(self) -> dict[str, Any]:
        return {"change": self.kind, "split": self.split, "before": self.before, "after": self.after}


def shared_formats(one: Snapshot, other: Snapshot) -> list[str]:
    """The formats that both hold in a kind of file that is read line by line."""
    return sorted(_formats(one) & _formats(other))


def _formats(snapshot: Snapshot) -> set[str]:
    names = (name.partition("/") for name in snapshot.manifest.get("files", {}))
    return {form for form, _, rest in names if rest.partition(".")[2] in READABLE}


def counts(one: Snapshot, other: Snapshot, name: str) -> dict[str, dict[str, int]]:
    """By split how many rows of `name` were added, removed, changed from `one` to `other`, and how many are alike."""
    return {split: _counts(one, other, name, split) for split in SPLITS}


def _counts(one: Snapshot, other: Snapshot, name: str, split: str) -> dict[str, int]:
    before, after = _Index(one, name, split), _Index(other, name, split)
    gone, come = before.rows - after.rows, after.rows - before.rows
    same_key = before.keys(gone) & after.keys(come)
    changed = same_key.total()
    alike = before.rows.total() - gone.total()
    return {ADDED: come.total() - changed, REMOVED: gone.total() - changed, CHANGED: changed, "alike": alike}


def diff(one: Snapshot, other: Snapshot, name: str) -> Iterator[bytes]:
    """The changes of the format from `one` to `other` as JSON lines `{change, split, before, after}`, in blocks."""
    for split in SPLITS:
        for change in changes(one, other, name, split):
            yield escaped(dump(change.as_dict()))


def changes(one: Snapshot, other: Snapshot, name: str, split: str) -> Iterator[Change]:
    before, after = _Index(one, name, split), _Index(other, name, split)
    gone, come = before.rows - after.rows, after.rows - before.rows
    paired = before.keys(gone) & after.keys(come)
    waiting: dict[bytes, list[dict[str, Any]]] = {}
    left = Counter(paired)
    for row in before.those(gone):
        key = _key(row)
        if left[key] > 0:
            left[key] -= 1
            waiting.setdefault(key, []).append(row)
        else:
            yield Change(REMOVED, split, row, None)
    for row in after.those(come):
        partners = waiting.get(_key(row))
        if partners:
            yield Change(CHANGED, split, partners.pop(0), row)
        else:
            yield Change(ADDED, split, None, row)


class _Index:
    """The rows of one file by their hashes, and each hash's key."""

    def __init__(self, snapshot: Snapshot, name: str, split: str):
        self._snapshot, self._name, self._split = snapshot, name, split
        self.rows: Counter[bytes] = Counter()
        self._key_of: dict[bytes, bytes] = {}
        for row in self._read():
            known = _hash(row)
            self.rows[known] += 1
            self._key_of[known] = _key(row)

    def keys(self, rows: Counter[bytes]) -> Counter[bytes]:
        found: Counter[bytes] = Counter()
        for row, count in rows.items():
            found[self._key_of[row]] += count
        return found

    def those(self, wanted: Counter[bytes]) -> Iterator[dict[str, Any]]:
        """The rows of these hashes, as often as they are wanted, in the file's order."""
        left = Counter(wanted)
        for row in self._read():
            known = _hash(row)
            if left[known] > 0:
                left[known] -= 1
                yield row

    def _read(self) -> Iterator[dict[str, Any]]:
        kind = next(k for k in READABLE if f"{self._name}/{self._split}.{k}" in self._snapshot.manifest["files"])
        return rows_of(open_file(self._snapshot, self._name, self._split, kind))


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file of JSON, whichever kind of it."""
    with _opened(path) as file:
        for line in file:
            if len(line := line.strip().rstrip(b",")) > 1:  # an array has its brackets on lines of their own
                yield orjson.loads(line)


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return io.BufferedReader(zstandard.open(path, "rb"), 1 << 16) if path.suffix == ".zst" else path.open("rb")


def _hash(row: dict[str, Any]) -> bytes:
    """What the row says, whoever said it: pseudonyms are each snapshot's own."""
    return hashlib.blake2b(orjson.dumps(_unnamed(row)), digest_size=16).digest()


def _unnamed(row: dict[str, Any]) -> dict[str, Any]:
    if "annotator" not in row and "judgements" not in row:
        return row
    judgements = [{**one, "annotator": None} for one in row.get("judgements", ())]
    judgements.sort(key=orjson.dumps)
    return {**row, "annotator": None, "judgements": judgements}


def _key(row: dict[str, Any]) -> bytes:
    """What the row is about; rows without a key of their own are about what they say, and never change."""
    name = next((name for name in KEYS if name in row), None)
    about = [row[name]] if name else [row]
    return hashlib.blake2b(orjson.dumps(about), digest_size=16).digest()
