from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """What formats need to know of the query and of the projects that it reads; see query.py for the keys."""

    text: bool = False
    margin: bool = False
    comments: bool = False
    votes: str = "raw"
    reliability: bool = False
    min_margin: float = 0.0
    min_strength: int = 1
    ties: str = "keep"
    unranked: str = "apart"
    pairs: str = "all"
    cap: int | None = None
    kto: str = "ranks"
    seed: int = 0
    scales: tuple[tuple[str, float, float], ...] = ()
    """The projects' ratings: name, lowest, highest."""
    harms: tuple[str, ...] = ()
    """Categories of harm that the projects ask about."""
    severities: tuple[str, ...] = ()
    """Mildest first."""
    plain: bool = False
    """Rows of plain values instead of prepared JSON: slower, and the same once written."""

    @property
    def weighted(self) -> bool:
        """Whether pairs carry a weight."""
        return self.reliability or self.ties == "half"

    def piece(self, pieces: dict[str, Any], name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives, as JSON that is written out once for all rows that hold it."""
        if self.plain:
            return make()
        found = pieces.get(name)
        if found is None:
            # A copy is as long as it must be; what orjson gives has room to grow.
            found = pieces[name] = orjson.Fragment(bytes(memoryview(orjson.dumps(make()))))
        return found


def as_json(value: dict[str, Any]) -> str:
    """What has other keys in every project, as text: the column stays the same in each row."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
