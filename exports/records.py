"""Records out of the database, streamed: flat memory, one statement, one consistent view of the data.

Their order is the data's own (hashes of prompts and texts), and people are named p1, p2 … as they first appear in it:
two databases that hold the same data give the same records, whatever their ids, slugs and clocks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from typing import Any, TypedDict

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from annotation.models.judgement import OVERALL
from annotation.models.task import TaskKind
from exports import statements
from exports.ahead import ahead
from exports.drafts import Draft
from exports.plan import Plan
from exports.query import Query
from exports.record import ASKED, SCORED, WRITTEN, Record, Verdict

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
    finally:
        _give_back(view)


def _give_back(view: BaseDatabaseWrapper) -> None:
    """Whatever happened, the pool gets a connection that is in no transaction: it complains of others."""
    try:
        if view.connection is not None and not view.connection.closed:
            view.rollback()
    finally:
        view.close()


def count(view: BaseDatabaseWrapper, plan: Plan) -> int:
    """The projects' current judgements: at least as many as `records` will hold."""
    with view.cursor() as cursor:
        cursor.execute(statements.COUNT, values(plan))
        return int(cursor.fetchone()[0])


def records(
    view: BaseDatabaseWrapper,
    plan: Plan,
    cast: "Cast | None" = None,
    *,
    order: str = statements.BY_HASH,
    families: list[str] | None = None,
) -> Iterator[Record]:
    """The judged tasks that the query asks for, all their current judgements in one record each.

    `families`: of these families alone.
    """
    sql = statements.records(shown=order == statements.BY_HASH, order=order, **wishes(plan))
    yield from named(rows(view, sql, plan, families=families), cast or Cast(), plan)


class Wishes(TypedDict):
    """What the statement of judged tasks reads besides, for formats that want it."""

    gold: str
    safer: bool
    scores: bool


def wishes(plan: Plan) -> Wishes:
    formats = plan.query.formats
    return {"gold": plan.query.gold, "safer": "safe-rlhf" in formats, "scores": "trlx" in formats}


def named(found: Rows, cast: "Cast", plan: Plan) -> Iterator[Record]:
    """Rows of judged tasks as records; what stands together of one prompt is put in order."""
    drafts = map(Draft, found)
    for _, same_prompt in groupby(drafts, key=lambda draft: (draft.family, draft.prompt_id)):
        yield from _named(list(same_prompt), cast, plan)


def rows(view: BaseDatabaseWrapper, sql: str, plan: Plan, **more: object) -> Rows:
    """The statement's rows, with `more` parameters; the next ones are fetched while these are worked on."""
    with view.chunked_cursor() as cursor:
        cursor.execute(sql, values(plan) | more)
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
        "families": None,
    }


class Cast:
    """Pseudonyms: p1, p2 … in the order in which people are first met."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def name(self, person_id: int) -> str:
        found = self._names.get(person_id)
        if found is None:
            found = self._names[person_id] = f"p{len(self._names) + 1}"
        return found


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
    if has_edits(plan.query):
        yield from edited(rows(view, statements.EDITS, plan), cast, plan)


def has_edits(query: Query) -> bool:
    return query.criterion == OVERALL and query.gold != "only" and query.demonstrations != "out"


def edited(found: Rows, cast: "Cast", plan: Plan) -> Iterator[Record]:
    """Rows of edits as records."""
    for draft in map(Draft, found):
        if plan.is_mixed_in(draft.project, draft.family):
            yield draft.record(cast, plan.weights, is_first=False)


def written(view: BaseDatabaseWrapper, plan: Plan) -> Iterator[Record]:
    """What people wrote as answers: a record a prompt."""
    return whole(rows(view, statements.WRITTEN, plan), plan, WRITTEN)


def prompts(view: BaseDatabaseWrapper, plan: Plan) -> Iterator[Record]:
    """Every accepted prompt, alone; one that several projects hold comes once."""
    before = ""
    for record in whole(rows(view, statements.PROMPTS, plan), plan, ASKED):
        if record.prompt_id != before:
            yield record
        before = record.prompt_id


def scored(view: BaseDatabaseWrapper, plan: Plan) -> Iterator[Record]:
    """The first `best_of` answers of each prompt, ordered by the adopted reward model as by one judge."""
    return map(partial(by_score, best_of=plan.query.best_of), whole(rows(view, statements.SCORED, plan), plan, SCORED))


def by_score(record: Record, best_of: int | None) -> Record:
    """The record with its first `best_of` answers and the reward model's order of these."""
    record.responses = record.responses[:best_of]
    values = [response.score for response in record.responses]
    ladder = {value: rank for rank, value in enumerate(sorted(set(values), reverse=True))}  # type: ignore[type-var]
    nothing: list[dict[str, Any]] = [{} for _ in values]
    ranks = [ladder[value] for value in values]
    record.verdicts = [
        Verdict("reward model", [*ranks], None, nothing, nothing, nothing, False, "", None, machine=True)
    ]
    return record


def whole(found: Rows, plan: Plan, kind: str) -> Iterator[Record]:
    """Rows of what nobody judged as records of that kind."""
    cast = Cast()
    for draft in map(Draft, found):
        if plan.is_mixed_in(draft.project, draft.family):
            record = draft.record(cast)
            record.kind = kind
            yield record
