from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from exports.formats.columns import Columns, is_flat
from exports.formats.options import Options, Row
from exports.kinds import JSON_LINES
from exports.record import Record


class Reads(Enum):
    """Which records a format is made of."""

    JUDGED = "judged"  # tasks that people judged
    ANSWERS = "answers"  # the same and what people wrote, or what a reward model scored
    PROMPTS = "prompts"  # every accepted prompt
    TREES = "trees"  # conversation trees


class Phase(Enum):
    """For which of a training's three phases: a query can keep their prompts apart."""

    SFT, REWARD, RL = range(3)


@dataclass(frozen=True)
class Format:
    """A function from a record to its rows, and what its rows hold. `rows` of a format of trees is of no use."""

    rows: Callable[[Record, Options], Iterator[Row]]
    columns: Callable[[Options], Columns]
    reads: Reads = Reads.JUDGED
    phase: Phase | None = Phase.REWARD
    files: tuple[str, ...] = (JSON_LINES,)
    """Kinds of file that its consumers read, where the query names none."""

    def is_flat(self, options: Options) -> bool:
        return is_flat(self.columns(options))
