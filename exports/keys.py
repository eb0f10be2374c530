"""What each key of a query may hold: one reader a kind of value. Each raises `ValueError` with a sentence."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard

from django.utils.translation import gettext as _

from annotation.content import storable

Reader = Callable[[str, object], Any]

MAX_LIST = 10_000


def is_text(value: object) -> TypeGuard[str]:
    """Without NUL and broken surrogates, which no label has and jsonb cannot hold."""
    return isinstance(value, str) and storable(value) == value


def texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not 0 < len(value) <= MAX_LIST or not all(map(is_text, value)):
        raise ValueError(_("%(name)s: a list of at least one text.") % {"name": name})
    return tuple(sorted(set(value)))


def names(known: Iterable[str]) -> Reader:
    """A list of some of `known`."""
    known = tuple(known)

    def read(name: str, value: object) -> tuple[str, ...]:
        found = texts(name, value)
        if unknown := sorted(set(found) - set(known)):
            words = _("%(name)s: there is no %(value)s; there are %(known)s.")
            raise ValueError(words % {"name": name, "value": f"{unknown[0]!r:.60}", "known": ", ".join(known)})
        return found

    return read


def choice(*known: str) -> Reader:
    """One of `known`."""

    def read(name: str, value: object) -> str:
        if not isinstance(value, str) or value not in known:
            words = _("%(name)s: one of %(known)s, not %(value)s.")
            raise ValueError(words % {"name": name, "known": ", ".join(known), "value": f"{value!r:.60}"})
        return value

    return read


def whole(low: int, high: int) -> Reader:
    def read(name: str, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            words = _("%(name)s: a whole number from %(low)d to %(high)d.")
            raise ValueError(words % {"name": name, "low": low, "high": high})
        return value

    return read


def share(name: str, value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError(_("%(name)s: a number from 0 to 1.") % {"name": name})
    return float(value)


def flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(_("%(name)s: true or false.") % {"name": name})
    return value


def label(longest: int) -> Reader:
    def read(name: str, value: object) -> str:
        if not is_text(value) or not 1 <= len(value) <= longest:
            raise ValueError(_("%(name)s: a text of 1 to %(most)d characters.") % {"name": name, "most": longest})
        return value

    return read


def instant(name: str, value: object) -> datetime:
    try:
        found = datetime.fromisoformat(value if isinstance(value, str) else "")
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        words = _("%(name)s: a date or an instant as in 2026-05-31 or 2026-05-31T12:00:00+02:00.")
        raise ValueError(words % {"name": name}) from None


def weights(name: str, value: object) -> tuple[tuple[str, float], ...]:
    """`{"name": weight}` as sorted pairs; weights are above 0, and it is their ratio that counts."""
    if not isinstance(value, Mapping) or not 0 < len(value) <= 100 or not all(map(is_text, value)):
        words = _('%(name)s: an object of short names and weights, as in {"poems": 2, "letters": 1}.')
        raise ValueError(words % {"name": name})
    if not all(map(_is_weight, value.values())):
        raise ValueError(_("%(name)s: each weight is a number above 0 and at most a million.") % {"name": name})
    return tuple(sorted((str(slug), float(weight)) for slug, weight in value.items()))


def _is_weight(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1_000_000


def thirds(name: str, value: object) -> tuple[float, float, float]:
    """Three shares that add up to 1."""
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        raise ValueError(_("%(name)s: three numbers from 0 to 1 that add up to 1.") % {"name": name})
    first, second, third = (share(name, one) for one in value)
    if abs(first + second + third - 1) > 1e-9:
        total = f"{first + second + third:g}"
        raise ValueError(_("%(name)s: they must add up to 1, not %(sum)s.") % {"name": name, "sum": total})
    return first, second, third
