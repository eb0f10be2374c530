from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """What a query may ask of a format."""

    text: bool = False
    """Strings instead of message lists."""
