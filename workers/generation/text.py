"""Model text is hostile, but it is data: only what PostgreSQL cannot hold is changed here."""

from collections.abc import Iterable
from typing import NamedTuple


def storable(text: str) -> str:
    """`text` without NULs and with U+FFFD for each lone surrogate; everything else stays as it was said.

    Markup, direction overrides and length are the business of whoever shows the text.
    """
    return text.replace("\0", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class Duplicate(NamedTuple):
    """Where a text stands that was said before, and where it was said first."""

    position: int
    first: int


class Distinct(NamedTuple):
    kept: list[int]
    """Positions of the first of each text, in order."""
    duplicates: list[Duplicate]


def dedupe(texts: Iterable[str]) -> Distinct:
    """Tell first occurrences from repeats; texts are the same if they are once stored and stripped."""
    first_of: dict[str, int] = {}
    found = Distinct([], [])
    for position, text in enumerate(texts):
        first = first_of.setdefault(storable(text).strip(), position)
        if first == position:
            found.kept.append(position)
        else:
            found.duplicates.append(Duplicate(position, first))
    return found
