"""Which lines of two files say the same, and which are about the same, at any size in flat memory.

A hash join by partitions (Kitsuregawa et al. 1983, "Application of hash to data base machine"): a line's hashes, with
its place in its file, go to one of many small files on disk by what the line is about, so that whatever can match lies
in the same one; then each of these is read for itself.
"""

import struct
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

BEFORE, AFTER = 0, 1
HASH = 16  # bytes
ENTRY = struct.Struct(f"<B{HASH}s{HASH}sQL")
A_PART = 1 << 15  # lines of both sides in one partition: some 15 MB while it is matched
MOST_PARTS = 512  # files that are open at once


class Line(NamedTuple):
    """A line by the hashes of what it says and of what it is about, and where it lies: first byte and length."""

    said: bytes
    about: bytes
    at: int
    size: int


Change = tuple[Line | None, Line | None]


@dataclass(frozen=True)
class Found:
    """One partition: how many lines both sides have, and the others; two that are about the same stand together."""

    alike: int
    changes: list[Change]


class Matching:
    """Takes the lines of both sides, then answers how they differ. A context; `folder` must be its own."""

    def __init__(self, folder: Path, lines: int):
        self._paths = [folder / f"{n}.part" for n in range(min(MOST_PARTS, lines // A_PART + 1))]
        self._stack = ExitStack()

    def __enter__(self) -> "Matching":
        self._files = [self._stack.enter_context(path.open("w+b")) for path in self._paths]
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()
        for path in self._paths:
            path.unlink()

    def add(self, side: int, lines: Iterable[Line]) -> None:
        files, count = self._files, len(self._files)
        for line in lines:
            part = files[int.from_bytes(line.about[:4]) % count]
            part.write(ENTRY.pack(side, *line))

    def found(self) -> Iterator[Found]:
        for file in self._files:
            file.seek(0)
            sides: tuple[list[Line], list[Line]] = [], []
            for side, *line in ENTRY.iter_unpack(file.read()):
                sides[side].append(Line(*line))
            yield matched(*sides)


def matched(before: list[Line], after: list[Line]) -> Found:
    """What is there twice on one side and once on the other differs once."""
    twins: defaultdict[bytes, deque[Line]] = defaultdict(deque)
    for line in after:
        twins[line.said].append(line)
    gone = [line for line in before if not (twins[line.said] and twins[line.said].popleft())]
    come: defaultdict[bytes, deque[Line]] = defaultdict(deque)
    for line in sorted((line for lines in twins.values() for line in lines), key=lambda line: line.at):
        come[line.about].append(line)
    changes: list[Change] = [(line, come[line.about].popleft() if come[line.about] else None) for line in gone]
    changes += [(None, line) for lines in come.values() for line in lines]
    return Found(len(before) - len(gone), changes)
