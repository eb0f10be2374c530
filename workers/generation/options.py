"""Reads a backend's options: typed, with defaults, and loud about what it does not know."""

from collections.abc import Mapping
from typing import Any

from workers.generation.backend import BackendRefused


class Options:
    """One mapping of options; after the reads, `refuse_others()` catches misspelt names.

    Every method raises BackendRefused with a sentence that names the option.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.known: list[str] = []

    def text(self, name: str, default: str) -> str:
        value = self._read(name, default)
        if not isinstance(value, str):
            raise BackendRefused("The option %(name)s must be a text, not %(value)s.", name=name, value=repr(value))
        return value

    def whole(self, name: str, default: int) -> int:
        value = self._read(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise BackendRefused(
                "The option %(name)s must be a whole number, 0 or more, not %(value)s.", name=name, value=repr(value)
            )
        return value

    def positive(self, name: str, default: int) -> int:
        value = self.whole(name, default)
        if value == 0:
            raise BackendRefused("The option %(name)s must be 1 or more.", name=name)
        return value

    def seconds(self, name: str, default: float) -> float:
        value = self._read(name, default)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < float("inf"):
            raise BackendRefused(
                "The option %(name)s must be a number of seconds above 0, not %(value)s.", name=name, value=repr(value)
            )
        return float(value)

    def refuse_others(self) -> None:
        unknown = sorted(set(self.given) - set(self.known))
        if unknown:
            raise BackendRefused(
                "Unknown option %(names)s; this backend knows %(known)s.",
                names=", ".join(unknown),
                known=", ".join(sorted(self.known)),
            )

    def _read(self, name: str, default: object) -> object:
        self.known.append(name)
        return self.given.get(name, default)
