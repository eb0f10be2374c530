"""A row of the database → a record: ids give way to places and pseudonyms."""

from fractions import Fraction
from functools import lru_cache
from typing import Any, Protocol

import orjson

from exports.lines import has_breaks
from exports.plan import fingerprint
from exports.record import Record, Response, Verdict


class Names(Protocol):
    """People's pseudonyms."""

    def name(self, person_id: int) -> str: ...


class Draft:
    """A row of the database on its way to a record: people still have their ids, answers too."""

    __slots__ = (
        "answers",
        "category",
        "external_id",
        "family",
        "has_breaks",
        "language",
        "messages",
        "project",
        "prompt_id",
        "ruling",
        "source",
        "verdicts",
    )

    def __init__(self, row: tuple[Any, ...]):
        (
            self.prompt_id,
            self.family,
            messages,
            self.language,
            self.category,
            self.source,
            responses,
            verdicts,
            self.external_id,
            self.project,
            *ruling,
        ) = row
        self.ruling = orjson.loads(ruling[0]) if ruling and ruling[0] else None
        # In what the database gives as JSON they stand as they are.
        self.has_breaks = any(map(has_breaks, filter(None, row[:9])))
        self.messages = orjson.loads(messages)
        self.answers = orjson.loads(responses)
        self.verdicts = orjson.loads(verdicts) if verdicts else []
        if len(self.verdicts) > 1:
            self.verdicts.sort(key=_place)

    @property
    def texts(self) -> list[str]:
        """The hashes of the answers' texts."""
        return [answer[1] for answer in self.answers]

    def record(self, cast: Names, weights: dict[int, Fraction] | None = None, *, is_first: bool = True) -> Record:
        ids = [answer[0] for answer in self.answers]
        return Record(
            prompt_id=self.prompt_id,
            family=self.family,
            messages=self.messages,
            language=self.language,
            category=self.category,
            source=self.source,
            responses=[Response(*answer[1:]) for answer in self.answers],
            verdicts=[_verdict(verdict, ids, cast, weights or {}) for verdict in self.verdicts],
            external_id=self.external_id,
            project=self.project,
            is_first=is_first,
            has_breaks=self.has_breaks,
            ruling=_ruled(self.ruling, ids) if self.ruling else None,
        )


def _ruled(groups: list[list[int]], ids: list[int]) -> list[int | None]:
    """A reviewer's order, best first, as ranks that run beside `ids`."""
    ranks = {sample: rank for rank, group in enumerate(groups) for sample in group}
    return [ranks.get(sample) for sample in ids]


def _verdict(facts: dict[str, Any], ids: list[int], cast: Names, weights: dict[int, Fraction]) -> Verdict:
    ranks = dict(zip(facts["samples"] or (), facts["ranks"] or (), strict=True))
    person = facts["person"]
    return Verdict(
        annotator=cast.name(person),
        ranks=[ranks.get(sample) for sample in ids],
        strength=facts["strength"],
        ratings=_beside(facts["ratings"], ids),
        flags=_beside(facts["flags"], ids),
        categories=_beside(facts["categories"], ids),
        all_bad=facts["all_bad"],
        edited_text=facts["edited_text"],
        seconds=facts["seconds"],
        comment=facts["comment"],
        machine=facts["machine"],
        weight=weights.get(person, ONE),
        shown=_shown(facts.get("shown"), ids),
        safer=_safer(facts, ids),
    )


ONE = Fraction(1)


def _beside(said: dict[str, Any], ids: list[int]) -> list[dict[str, Any]]:
    """What was said by sample, as a list that runs beside `ids`."""
    return [said.get(str(sample), {}) for sample in ids] if said else [{} for _ in ids]


def _shown(shown: list[int] | None, ids: list[int]) -> list[int] | None:
    """At which place each of `ids` was shown; None where that is not known of all."""
    if not shown:
        return None
    place = {sample: n for n, sample in enumerate(shown)}
    return [place[sample] for sample in ids] if place.keys() >= set(ids) else None


def _safer(facts: dict[str, Any], ids: list[int]) -> list[int | None] | None:
    if not facts.get("safer"):
        return None
    ranks = dict(zip(facts["safer_samples"], facts["safer"], strict=True))
    return [ranks.get(sample) for sample in ids]


def _place(verdict: dict[str, Any]) -> str:
    """People stand in the order of their names' hashes: the same everywhere, and it tells nothing of the names."""
    return _fingerprint(verdict["name"])


_fingerprint = lru_cache(maxsize=65536)(fingerprint)
