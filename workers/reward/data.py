"""The trainer's input: one Arrow IPC file, a ranked group a row, streamed out and memory-mapped in.

Ten million groups need no more memory than ten thousand: the writer holds one record batch, the reader maps the
file and decodes the rows it is asked for.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

DEMONSTRATION = "demonstration"  # an answer that a person wrote, without pairs: scores are normalised on these
SPLITS = ("train", "validation", "test", DEMONSTRATION)
ROWS_A_BATCH = 512
BYTES_A_BATCH = 32 * 1024 * 1024  # well below the 2 GiB that 32-bit string offsets can address

SCHEMA = pa.schema(
    [
        ("group_id", pa.string()),
        ("prompt_id", pa.string()),
        ("family", pa.string()),
        ("split", pa.string()),
        ("messages", pa.string()),
        ("response_ids", pa.list_(pa.string())),
        ("responses", pa.list_(pa.string())),
        ("first", pa.list_(pa.int32())),
        ("second", pa.list_(pa.int32())),
        ("probability", pa.list_(pa.float64())),
        ("weight", pa.list_(pa.float64())),
        ("margin", pa.list_(pa.float64())),
        ("ranks", pa.list_(pa.list_(pa.int32()))),
        ("rank_weight", pa.list_(pa.float64())),
        ("unsafe", pa.list_(pa.float64())),
        ("about", pa.string()),
    ]
)

Message = dict[str, str]


@dataclass(frozen=True)
class Group:
    """One prompt, its K answers, and weighted pairs of them.

    Pair n says that answer `first[n]` is preferred to answer `second[n]` with `probability[n]` (½ is a tie), and
    counts `weight[n]` times. A group to be scored only has no pairs. What has a default may be left empty.
    """

    group_id: str
    prompt_id: str
    family: str
    split: str
    messages: list[Message]
    response_ids: list[str]
    responses: list[str]
    first: list[int] = field(default_factory=list)
    second: list[int] = field(default_factory=list)
    probability: list[float] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)
    margin: list[float] = field(default_factory=list)
    """By pair: the least difference of scores that people's strength of preference asks for, positive where it is for
    the first; 0 where nobody said how strong it is."""
    ranks: list[list[int]] = field(default_factory=list)
    """Each person's weak order: a rank an answer, 0 best, equal ranks tie, -1 was not ranked."""
    rank_weight: list[float] = field(default_factory=list)
    """By order of `ranks`: how much it counts."""
    unsafe: list[float] = field(default_factory=list)
    """By answer: the share of people who called it unsafe, NaN where nobody looked."""
    about: dict[str, str] = field(default_factory=dict)
    """What figures are told apart by: `language`, `category`, `round`, …"""

    def check(self) -> None:
        """Raises ValueError with the group's id on anything that the trainer could not trust."""
        for problem in self._problems():
            raise ValueError(f"Group {self.group_id!r}: {problem}")

    def _problems(self) -> Iterator[str]:
        if self.split not in SPLITS:
            yield f"the split {self.split!r} is none of {', '.join(SPLITS)}."
        if not self.responses or len(self.responses) != len(self.response_ids):
            yield "it needs as many answers as answer ids, and at least one."
        if len({len(self.first), len(self.second), len(self.probability), len(self.weight)}) != 1:
            yield "first, second, probability and weight differ in length."
        for i, j, p, w in zip(self.first, self.second, self.probability, self.weight, strict=False):
            if i == j or not (0 <= i < len(self.responses) and 0 <= j < len(self.responses)):
                yield f"the pair ({i}, {j}) does not name two of its {len(self.responses)} answers."
            if not 0.0 <= p <= 1.0 or not 0.0 < w < float("inf"):
                yield f"the pair ({i}, {j}) has probability {p} and weight {w}."
        yield from self._optional_problems()

    def _optional_problems(self) -> Iterator[str]:
        if self.margin and (len(self.margin) != len(self.first) or not all(map(isfinite, self.margin))):
            yield "margin needs a number for each pair."
        if len(self.ranks) != len(self.rank_weight) or any(len(order) != len(self.responses) for order in self.ranks):
            yield "each order of ranks needs a weight, and a rank for each answer."
        if self.unsafe and len(self.unsafe) != len(self.responses):
            yield "unsafe needs a number for each answer."


def well_formed(text: str) -> str:
    """`text` with lone surrogates, which no UTF-8 file or tokenizer takes, replaced by question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


class GroupWriter:
    """Streams groups to `path`, which appears only when the `with` block ends without an error."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.groups = 0
        self._part = self.path.with_name(self.path.name + ".part")
        self._rows: list[dict[str, Any]] = []
        self._bytes = 0

    def __enter__(self) -> Self:
        self._file = pa.OSFile(str(self._part), "wb")
        self._writer = pa.ipc.new_file(self._file, SCHEMA)
        return self

    def write(self, group: Group) -> None:
        """Raises ValueError where the group is inconsistent: see `Group.check`."""
        group.check()
        row = _row(group)
        self._rows.append(row)
        self._bytes += len(row["messages"]) + sum(map(len, row["responses"]))
        self.groups += 1
        if len(self._rows) >= ROWS_A_BATCH or self._bytes >= BYTES_A_BATCH:
            self._flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()
        self._file.close()
        if kind is None:
            os.replace(self._part, self.path)
        else:
            self._part.unlink(missing_ok=True)

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_batch(pa.RecordBatch.from_pylist(self._rows, schema=SCHEMA))
        self._rows, self._bytes = [], 0


def _row(group: Group) -> dict[str, Any]:
    row = {name: getattr(group, name) for name in SCHEMA.names}
    row["about"] = json.dumps(group.about)
    row["messages"] = json.dumps(group.messages)  # ASCII, so lone surrogates survive until `well_formed`
    row["responses"] = [well_formed(text) for text in group.responses]
    return row


class Groups:
    """Random reads from a file that `GroupWriter` wrote: `len(groups)`, `groups[row]`, `groups.rows("train")`."""

    def __init__(self, path: Path | str) -> None:
        self._reader = pa.ipc.open_file(pa.memory_map(str(path)))
        if self._reader.schema != SCHEMA:
            raise ValueError(f"{path} is not a file of ranked groups.")
        sizes = [self._reader.get_batch(n).num_rows for n in range(self._reader.num_record_batches)]
        self._ends = np.cumsum(sizes, dtype=np.int64)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __getitem__(self, row: int) -> Group:
        """Raises IndexError past the end."""
        if not 0 <= row < len(self):
            raise IndexError(f"Row {row} of {len(self)} groups.")
        batch = int(np.searchsorted(self._ends, row, side="right"))
        start = int(self._ends[batch - 1]) if batch else 0
        values = self._reader.get_batch(batch).slice(row - start, 1).to_pylist()[0]
        parsed = {name: json.loads(values[name]) for name in ("messages", "about")}
        return Group(**{**values, **parsed})

    def __iter__(self) -> Iterator[Group]:
        return (self[row] for row in range(len(self)))

    def rows(self, split: str) -> NDArray[np.int64]:
        """Row numbers (n,) of the groups of `split` that hold at least one pair, in the file's order."""
        found, start = [np.empty(0, np.int64)], 0
        for number in range(self._reader.num_record_batches):
            batch = self._reader.get_batch(number)
            splits = batch.column("split").to_numpy(zero_copy_only=False)
            pairs = np.diff(batch.column("first").offsets.to_numpy())
            found.append(np.flatnonzero((splits == split) & (pairs > 0)) + start)
            start += batch.num_rows
        return np.concatenate(found)

    def demonstrations(self) -> NDArray[np.int64]:
        """Row numbers (n,) of the answers that people wrote."""
        splits = enumerate(self.column("split"))
        return np.array([row for row, split in splits if split == DEMONSTRATION], dtype=np.int64)

    def column(self, name: str) -> Iterator[Any]:
        """The values of one column, a record batch at a time in memory."""
        for number in range(self._reader.num_record_batches):
            yield from self._reader.get_batch(number).column(name).to_pylist()
