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
    """Rows of the values themselves instead of prepared JSON: the same once written. Parquet's columns are made of
    them, JSON lines a little slower."""

    @property
    def weighted(self) -> bool:
        """Whether pairs carry a weight."""
        return self.reliability or self.ties == "half"

    def piece(self, pieces: dict[Any, Any], name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once for all rows that hold it; as JSON that is written out already."""
        key = (name, "plain") if self.plain else name
        found = pieces.get(key)
        if found is None:
            # A copy is as long as it must be; what orjson gives has room to grow.
            found = make() if self.plain else orjson.Fragment(bytes(memoryview(orjson.dumps(make()))))
            pieces[key] = found
        return found


def as_json(value: dict[str, Any]) -> str:
    """What has other keys in every project, as text: the column stays the same in each row."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
