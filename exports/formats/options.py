from dataclasses import dataclass
from typing import Any

import orjson

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """What a query may ask of a format."""

    text: bool = False
    """Strings instead of message lists."""


def as_json(value: dict[str, Any]) -> str:
    """What has other keys in every project, as text: the column stays the same in each row."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
