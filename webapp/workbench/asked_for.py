"""Which of one's tasks a page says it has in its hands."""

from collections.abc import Iterable
from uuid import UUID

from annotation.assignment import MAX_LIVE


def uuids(values: Iterable[str]) -> list[UUID]:
    """Those of `values` that are UUIDs, as many as one may hold; what is none is left out."""
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found[: MAX_LIVE * 2]
