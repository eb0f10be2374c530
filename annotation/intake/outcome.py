"""What became of the rows of an import."""

from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from annotation.intake.rows import BadRow

R = TypeVar("R")


@dataclass
class Taken:
    """How many rows made something new, how many said what was known already, and the bad ones by line."""

    created: int = 0
    duplicates: int = 0
    errors: list[BadRow] = field(default_factory=list)

    def count(self, new: bool) -> None:
        self.created += new
        self.duplicates += not new

    def refuse(self, line: int, reason: str) -> None:
        self.errors.append(BadRow(line, reason))


class Writer(Protocol[R]):
    """Writes batches of checked rows, in a fixed number of statements a batch."""

    kind: str  # for the audit log

    def write(self, batch: list[tuple[int, R]], taken: Taken) -> None: ...

    def finish(self) -> None:
        """What is left to do when all batches are in."""
