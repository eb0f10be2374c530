"""The canonical record: all that a format may write. Formats differ only in what they make of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from annotation.comparisons import pairs_of

Ranks = list[int | None]

JUDGED, WRITTEN, SCORED, ASKED = "judged", "written", "scored", "asked"  # kinds of record, see `Record.kind`


@dataclass(slots=True)
class Response:
    """One answer. `id` is the SHA-256 of its text: the same in every database. `score` is the reward model's."""

    id: str
    text: str
    model: str
    parameters: dict[str, Any]
    score: float | None = None
    pieces: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)  # see formats/conversation.py


@dataclass(slots=True)
class Verdict:
    """One person's current judgement. The lists run beside the record's responses; rank 0 is best, None unranked."""

    annotator: str
    ranks: Ranks
    strength: int | None
    ratings: list[dict[str, Any]]
    flags: list[dict[str, Any]]
    categories: list[dict[str, str]]
    all_bad: bool
    edited_text: str
    seconds: float | None
    comment: str = ""
    machine: bool = False  # it came in from a file or a model
    weight: Fraction = Fraction(1)  # the person's reliability, where that was asked for
    shown: list[int] | None = None  # at which place each response was shown, from 0
    safer: Ranks | None = None  # by the second criterion of Safe RLHF

    @property
    def is_order(self) -> bool:
        return any(rank is not None for rank in self.ranks)


@dataclass
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
    kind: str = JUDGED
    """`judged` by people; `written`: its responses are what people wrote; `scored` by a reward model, whose order is
    its one verdict; `asked`: a prompt alone."""
    external_id: str = ""
    project: int = field(default=0, compare=False)  # which of the query's sources; no format writes it
    is_first: bool = True  # of the records of its prompt
    has_breaks: bool = True  # whether it may hold a sign of lines.LINE_BREAKS; False saves a search in all its rows
    ruling: Ranks | None = None
    """The order of a reviewer who overruled the judges: it stands for their consensus, never for what they said."""
    pieces: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def group_id(self) -> str:
        """Names the prompt together with its answers; pairs made from one ranking share it."""
        names = ",".join([self.prompt_id, *(response.id for response in self.responses)])
        return hashlib.sha256(names.encode()).hexdigest()[:32]

    @cached_property
    def consensus(self) -> Ranks:
        if self.ruling is not None:
            return self.ruling
        return consensus([v.ranks for v in self.verdicts], [v.weight for v in self.verdicts])

    @property
    def all_bad(self) -> bool:
        """Whether most say that no answer is good enough."""
        return 2 * sum(verdict.all_bad for verdict in self.verdicts) > len(self.verdicts)

    @property
    def best(self) -> list[Response]:
        """Those in the first place of the consensus."""
        return [r for r, rank in zip(self.responses, self.consensus, strict=True) if rank == 0]


def consensus(orders: Sequence[Sequence[int | None]], weights: Sequence[Fraction] = ()) -> Ranks:
    """Several weak orders of the same answers as one, dense from 0, None where nobody gave a rank.

    Borda's count over shares: an answer's score is the (weighted) mean of its votes (1 better, ½ tied, 0 worse)
    against the others that the same people ranked. Of one order it makes that same order. In exact arithmetic, so that
    equal scores are ties on every machine.
    """
    if len(orders) == 1:
        return _dense(orders[0])
    return _dense([None if share is None else -share for share in shares(orders, weights)])


def shares(orders: Sequence[Sequence[int | None]], weights: Sequence[Fraction] = ()) -> list[Fraction | None]:
    """Each answer's share of the votes against the others, from 0 to 1; None where it was in no comparison."""
    width = len(orders[0]) if orders else 0
    won = [Fraction(0)] * width
    cast = [Fraction(0)] * width
    for order, weight in zip(orders, weights or [Fraction(1)] * len(orders), strict=True):
        for pair in pairs_of(range(width), order):
            vote = weight * Fraction(pair.probability)
            won[pair.first] += vote
            won[pair.second] += weight - vote
            cast[pair.first] += weight
            cast[pair.second] += weight
    return [won[place] / cast[place] if cast[place] else None for place in range(width)]


def _dense(scores: Sequence[int | Fraction | None]) -> Ranks:
    """Scores → ranks 0, 1, …: lowest first, equal scores share a rank."""
    ladder = {score: rank for rank, score in enumerate(sorted({s for s in scores if s is not None}))}
    return [None if score is None else ladder[score] for score in scores]
