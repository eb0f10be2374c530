"""What each key of a query may hold: one reader a kind of value. Each raises `ValueError` with a sentence."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard

from annotation.content import storable

Reader = Callable[[str, object], Any]

MAX_LIST = 10_000


def is_text(value: object) -> TypeGuard[str]:
    """Without NUL and broken surrogates, which no label has and jsonb cannot hold."""
    return isinstance(value, str) and storable(value) == value


def texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not 0 < len(value) <= MAX_LIST or not all(map(is_text, value)):
        raise ValueError(f"{name}: a list of at least one text.")
    return tuple(sorted(set(value)))


def names(known: Iterable[str]) -> Reader:
    """A list of some of `known`."""
    known = tuple(known)

    def read(name: str, value: object) -> tuple[str, ...]:
        found = texts(name, value)
        if unknown := sorted(set(found) - set(known)):
            raise ValueError(f"{name}: there is no {unknown[0]!r:.60}; there are {', '.join(known)}.")
        return found

    return read


def choice(*known: str) -> Reader:
    """One of `known`."""

    def read(name: str, value: object) -> str:
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"{name}: one of {', '.join(known)}, not {value!r:.60}.")
        return value

    return read


def whole(low: int, high: int) -> Reader:
    def read(name: str, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"{name}: a whole number from {low} to {high}.")
        return value

    return read


def share(name: str, value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError(f"{name}: a number from 0 to 1.")
    return float(value)


def flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name}: true or false.")
    return value


def label(longest: int) -> Reader:
    def read(name: str, value: object) -> str:
        if not is_text(value) or not 1 <= len(value) <= longest:
            raise ValueError(f"{name}: a text of 1 to {longest} characters.")
        return value

    return read


def instant(name: str, value: object) -> datetime:
    try:
        found = datetime.fromisoformat(value if isinstance(value, str) else "")
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{name}: a date or an instant as in 2026-05-31 or 2026-05-31T12:00:00+02:00.") from None


def weights(name: str, value: object) -> tuple[tuple[str, float], ...]:
    """`{"name": weight}` as sorted pairs; weights are above 0, and it is their ratio that counts."""
    if not isinstance(value, Mapping) or not 0 < len(value) <= 100 or not all(map(is_text, value)):
        raise ValueError(f'{name}: an object of short names and weights, as in {{"poems": 2, "letters": 1}}.')
    if not all(map(_is_weight, value.values())):
        raise ValueError(f"{name}: each weight is a number above 0 and at most a million.")
    return tuple(sorted((str(slug), float(weight)) for slug, weight in value.items()))


def _is_weight(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1_000_000


def thirds(name: str, value: object) -> tuple[float, float, float]:
    """Three shares that add up to 1."""
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        raise ValueError(f"{name}: three numbers from 0 to 1 that add up to 1.")
    first, second, third = (share(name, one) for one in value)
    if abs(first + second + third - 1) > 1e-9:
        raise ValueError(f"{name}: they must add up to 1, not {first + second + third:g}.")
    return first, second, third
