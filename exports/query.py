"""What a snapshot is asked for. Checked here, at the edge, so that the inside can trust it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeGuard

from annotation.content import storable
from annotation.models.judgement import OVERALL
from annotation.splitting import DEFAULT_FRACTIONS, checked_fractions
from exports.formats import DEFAULT_FORMATS, FORMATS

MAX_SEED = 2**31 - 1
MAX_CRITERION = 40  # as long as the model's field


@dataclass(frozen=True)
class Query:
    """One field a key of the query; as it stands here it asks for all current judgements."""

    formats: tuple[str, ...] = DEFAULT_FORMATS
    """Names from `exports.formats.FORMATS`, sorted."""
    fractions: tuple[float, float, float] = DEFAULT_FRACTIONS
    """Shares of prompt families in train, validation and test."""
    seed: int = 0
    """Another seed, another split."""
    criterion: str = OVERALL
    """Whose ranks: projects that rank by several criteria have several; there `overall` is the first of them."""
    languages: tuple[str, ...] | None = None
    """Only prompts in these languages; None is any."""
    categories: tuple[str, ...] | None = None
    """Only prompts of these categories; None is any."""
    since: datetime | None = None
    """Only judgements made at this instant or later."""
    until: datetime | None = None
    """Only judgements made before this instant."""
    text: bool = False
    """Plain strings (see formats/conversation.py) instead of message lists, in the formats that know both."""

    def as_dict(self) -> dict[str, Any]:
        """The canonical form: every key, JSON values. It enters the snapshot's hash."""
        dates = {name: date and date.isoformat() for name, date in (("since", self.since), ("until", self.until))}
        lists = {name: _listed(getattr(self, name)) for name in ("formats", "fractions", "languages", "categories")}
        return {**lists, **dates, "seed": self.seed, "criterion": self.criterion, "text": self.text}


def read(query: object) -> Query:
    """`query` (a JSON object, keys may be missing or null) as a `Query`. Raises `ValueError` with a sentence."""
    if not isinstance(query, Mapping):
        raise ValueError("The query must be a JSON object.")
    if unknown := sorted(set(query) - set(READERS)):
        raise ValueError(f"The query has no key {unknown[0]!r:.60}; it knows {', '.join(READERS)}.")
    given = {name: READERS[name](name, value) for name, value in query.items() if value is not None}
    asked = Query(**given)
    if asked.since and asked.until and asked.since >= asked.until:
        raise ValueError("since: it must be earlier than until.")
    return asked


def normalise(query: object) -> dict[str, Any]:
    """The canonical form of `query`, the same for all ways to ask for the same. Raises `ValueError`."""
    return read(query).as_dict()


def _listed(value: tuple[Any, ...] | None) -> list[Any] | None:
    return None if value is None else list(value)


def _formats(name: str, value: object) -> tuple[str, ...]:
    names = _texts(name, value)
    if unknown := sorted(set(names) - set(FORMATS)):
        raise ValueError(f"formats: there is no {unknown[0]!r:.60}; there are {', '.join(FORMATS)}.")
    return names


def _texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not value or not all(map(_is_text, value)):
        raise ValueError(f"{name}: a list of at least one text.")
    return tuple(sorted(set(value)))


def _is_text(value: object) -> TypeGuard[str]:
    """Without NUL and broken surrogates, which no label has and jsonb cannot hold."""
    return isinstance(value, str) and storable(value) == value


def _fractions(name: str, value: object) -> tuple[float, float, float]:
    return checked_fractions(value)


def _seed(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_SEED:
        raise ValueError(f"{name}: a whole number from 0 to {MAX_SEED}.")
    return value


def _criterion(name: str, value: object) -> str:
    if not _is_text(value) or not 1 <= len(value) <= MAX_CRITERION:
        raise ValueError(f"{name}: a text of 1 to {MAX_CRITERION} characters.")
    return value


def _instant(name: str, value: object) -> datetime:
    try:
        instant = datetime.fromisoformat(value if isinstance(value, str) else "")
        return instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{name}: a date or an instant as in 2026-05-31 or 2026-05-31T12:00:00+02:00.") from None


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name}: true or false.")
    return value


READERS: dict[str, Callable[[str, object], Any]] = {
    "formats": _formats,
    "fractions": _fractions,
    "seed": _seed,
    "criterion": _criterion,
    "languages": _texts,
    "categories": _texts,
    "since": _instant,
    "until": _instant,
    "text": _flag,
}
