"""The demo's texts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def text(name: str) -> str:
    return (HERE / name).read_text("utf-8")


def lines(name: str) -> Iterator[dict[str, Any]]:
    """The rows of a file of JSON lines."""
    with (HERE / name).open(encoding="utf-8") as file:
        yield from map(json.loads, file)
