"""Records out of the database, streamed: flat memory, one statement, one consistent view of the data.

Their order is the data's own (hashes of prompts and texts), and people are named p1, p2 … as they first appear in it:
two databases that hold the same data give the same records, whatever their ids, slugs and clocks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from typing import Any, Protocol

import orjson
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from annotation.models.judgement import OVERALL
from annotation.models.task import TaskKind
from exports import statements
from exports.ahead import ahead
from exports.lines import has_breaks
from exports.plan import Plan, fingerprint
from exports.record import ASKED, SCORED, WRITTEN, Record, Response, Verdict

CHUNK = 100  # records a fetch: some hundred KB of text

Rows = Iterator[tuple[Any, ...]]


@contextmanager
def consistent_view() -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own in one read-only transaction: whatever is written meanwhile is not seen.

    Of its own, because the job's progress is written through the usual one at the same time.
    """
    view = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        view.set_autocommit(False)
        with view.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield view
        view.rollback()
    finally:
        view.close()


def count(view: BaseDatabaseWrapper, plan: Plan) -> int:
    """The projects' current judgements: at least as many as `records` will hold."""
    with view.cursor() as cursor:
        cursor.execute(statements.COUNT, values(plan))
        return int(cursor.fetchone()[0])


def records(
    view: BaseDatabaseWrapper, plan: Plan, cast: "Cast | None" = None, *, order: str = statements.BY_HASH
) -> Iterator[Record]:
    """The judged tasks that the query asks for, all their current judgements in one record each."""
    cast = cast or Cast()
    sql = statements.records(
        gold=plan.query.gold,
        shown=order == statements.BY_HASH,
        safer="safe-rlhf" in plan.query.formats,
        scores="trlx" in plan.query.formats,
        order=order,
    )
    drafts = map(Draft, rows(view, sql, plan))
    for _, same_prompt in groupby(drafts, key=lambda draft: (draft.family, draft.prompt_id)):
        yield from _named(list(same_prompt), cast, plan)


def rows(view: BaseDatabaseWrapper, sql: str, plan: Plan) -> Rows:
    """The statement's rows; the next ones are fetched while these are worked on."""
    with view.chunked_cursor() as cursor:
        cursor.execute(sql, values(plan))
        for chunk in ahead(iter(lambda: cursor.fetchmany(CHUNK), [])):
            yield from chunk


def values(plan: Plan) -> dict[str, Any]:
    """The statements' parameters."""
    query, sources = plan.query, plan.sources
    kinds = [TaskKind.RANK, TaskKind.RATE] if query.criterion == OVERALL else [TaskKind.RANK]
    return {
        "projects": plan.project_ids,
        "criteria": [source.criterion for source in sources],
        "safer": [source.safer for source in sources],
        "models": [source.model and source.model.pk for source in sources],
        "kinds": [kind.value for kind in kinds],
        "languages": query.languages and list(query.languages),
        "categories": query.categories and list(query.categories),
        "since": query.since,
        "until": query.until,
        "people": query.people and list(query.people),
        "without": query.without and list(query.without),
        "machines": query.machines,
        "gold": query.gold,
    }


class Names(Protocol):
    """People's pseudonyms."""

    def name(self, person_id: int) -> str: ...


class Cast:
    """Pseudonyms: p1, p2 … in the order in which people are first met."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def name(self, person_id: int) -> str:
        found = self._names.get(person_id)
        if found is None:
            found = self._names[person_id] = f"p{len(self._names) + 1}"
        return found


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


def _named(drafts: list[Draft], cast: Cast, plan: Plan) -> Iterator[Record]:
    """The records of one prompt, its sets of answers in the order of their hashes."""
    if len(drafts) > 1:
        order = {project: n for n, project in enumerate(plan.project_ids)}
        drafts.sort(key=lambda draft: (draft.texts, order[draft.project]))
    for n, draft in enumerate(draft for draft in drafts if plan.is_mixed_in(draft.project, draft.family)):
        yield draft.record(cast, plan.weights, is_first=n == 0)


def edits(view: BaseDatabaseWrapper, plan: Plan, cast: "Cast") -> Iterator[Record]:
    """What people made of an answer, each beside the answer that it started from and better than it.

    By the project's main criterion, so none where another one is asked for.
    """
    if plan.query.criterion != OVERALL or plan.query.gold == "only" or plan.query.demonstrations == "out":
        return
    for draft in map(Draft, rows(view, statements.EDITS, plan)):
        if plan.is_mixed_in(draft.project, draft.family):
            yield draft.record(cast, plan.weights, is_first=False)


def written(view: BaseDatabaseWrapper, plan: Plan) -> Iterator[Record]:
    """What people wrote as answers: a record a prompt."""
    return _whole(view, statements.WRITTEN, plan, WRITTEN)


def prompts(view: BaseDatabaseWrapper, plan: Plan) -> Iterator[Record]:
    """Every accepted prompt, alone; one that several projects hold comes once."""
    before = ""
    for record in _whole(view, statements.PROMPTS, plan, ASKED):
        if record.prompt_id != before:
            yield record
        before = record.prompt_id


def scored(view: BaseDatabaseWrapper, plan: Plan) -> Iterator[Record]:
    """The first `best_of` answers of each prompt, ordered by the adopted reward model as by one judge."""
    for record in _whole(view, statements.SCORED, plan, SCORED):
        record.responses = record.responses[: plan.query.best_of]
        values = [response.score for response in record.responses]
        ladder = {value: rank for rank, value in enumerate(sorted(set(values), reverse=True))}  # type: ignore[type-var]
        nothing: list[dict[str, Any]] = [{} for _ in values]
        ranks = [ladder[value] for value in values]
        record.verdicts = [
            Verdict("reward model", [*ranks], None, nothing, nothing, nothing, False, "", None, machine=True)
        ]
        yield record


def _whole(view: BaseDatabaseWrapper, sql: str, plan: Plan, kind: str) -> Iterator[Record]:
    cast = Cast()
    for draft in map(Draft, rows(view, sql, plan)):
        if plan.is_mixed_in(draft.project, draft.family):
            record = draft.record(cast)
            record.kind = kind
            yield record
