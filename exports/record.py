"""The canonical record: all that a format may write. Formats differ only in what they make of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from annotation.comparisons import pairs_of


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. `id` is the SHA-256 of its text: the same in every database."""

    id: str
    text: str
    model: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One person's current judgement. The lists run beside the record's responses; rank 0 is best, None unranked."""

    annotator: str
    ranks: list[int | None]
    strength: int | None
    ratings: list[dict[str, Any]]
    flags: list[dict[str, Any]]
    categories: list[dict[str, str]]
    all_bad: bool
    edited_text: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Record:
    """A prompt with one set of samples and all current judgements of it. Nothing in it depends on the database."""

    prompt_id: str
    family: str
    messages: list[dict[str, str]]
    language: str
    category: str
    source: str
    responses: list[Response]
    verdicts: list[Verdict]

    @property
    def group_id(self) -> str:
        """Names the prompt together with its answers; pairs made from one ranking share it."""
        names = ",".join([self.prompt_id, *(response.id for response in self.responses)])
        return hashlib.sha256(names.encode()).hexdigest()[:32]

    @property
    def consensus(self) -> list[int | None]:
        return consensus([verdict.ranks for verdict in self.verdicts])

    @property
    def all_bad(self) -> bool:
        """Whether most say that no answer is good enough."""
        return 2 * sum(verdict.all_bad for verdict in self.verdicts) > len(self.verdicts)


def consensus(orders: Sequence[Sequence[int | None]]) -> list[int | None]:
    """Several weak orders of the same answers as one, dense from 0, None where nobody gave a rank.

    Borda's count over shares: an answer's score is the mean of its votes (1 better, ½ tied, 0 worse) against the
    others that the same people ranked. Of one order it makes that same order. In exact arithmetic, so that equal
    scores are ties on every machine.
    """
    if len(orders) == 1:
        return _dense(orders[0])
    won: dict[int, list[Fraction]] = {}
    for order in orders:
        for pair in pairs_of(range(len(order)), order):
            vote = Fraction(pair.probability)
            won.setdefault(pair.first, []).append(vote)
            won.setdefault(pair.second, []).append(1 - vote)
    width = len(orders[0]) if orders else 0
    return _dense([-_share(won[i]) if i in won else None for i in range(width)])


def _share(votes: list[Fraction]) -> Fraction:
    return sum(votes, Fraction(0)) / len(votes)


def _dense(scores: Sequence[int | Fraction | None]) -> list[int | None]:
    """Scores → ranks 0, 1, …: lowest first, equal scores share a rank."""
    ladder = {score: rank for rank, score in enumerate(sorted({s for s in scores if s is not None}))}
    return [None if score is None else ladder[score] for score in scores]
