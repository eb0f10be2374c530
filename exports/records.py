"""Records out of the database, streamed: flat memory, one statement, one consistent view of the data.

Their order is the data's own (hashes of prompts and texts), and people are named p1, p2 … as they first appear in it:
two databases that hold the same data give the same records, whatever their ids, slugs and clocks.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import orjson
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from annotation.models import Project
from annotation.questions import criterion
from exports.query import Query
from exports.record import Record, Response, Verdict

CHUNK = 200  # records a fetch: a few MB of text at most


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


# Names as the data know them: without the project's slug, which intake puts before those of imported people.
VERDICT = """json_build_object(
       'person', judgement.person_id,
       'name', CASE WHEN person.origin = 'imported'
                    THEN 'imported:' || substring(person.username FROM position(':' IN person.username) + 1)
                    ELSE 'here:' || person.username END,
       'samples', ranking.sample_ids, 'ranks', ranking.ranks, 'strength', judgement.strength,
       'ratings', judgement.ratings, 'flags', judgement.flags,
       'categories', judgement.categories, 'all_bad', judgement.all_bad, 'edited_text',
       judgement.edited_text, 'seconds', judgement.seconds)"""

RESPONSES = """(
       SELECT json_agg(json_build_array(sample.id, sample.text_hash, sample.text, generator.name, sample.parameters)
                       ORDER BY sample.text_hash COLLATE "C")::text AS body
         FROM annotation_sample sample JOIN annotation_generator generator ON generator.id = sample.generator_id
        WHERE sample.id = ANY (task.sample_ids)) responses"""

# A judgement belongs here when it ranks by the criterion, or says that all answers are bad.
JUDGED = """annotation_judgement judgement
         JOIN annotation_person person ON person.id = judgement.person_id
         LEFT JOIN annotation_ranking ranking
                ON ranking.judgement_id = judgement.id AND ranking.criterion = %(criterion)s
        WHERE judgement.is_current AND (ranking.id IS NOT NULL OR judgement.all_bad)"""

# The inner SELECT is sorted before the laterals run, so that texts are read once, in order, and never sorted.
RECORDS = f"""
SELECT task.hash, task.family, task.messages::text, task.language, task.category, task.source,
       responses.body, verdicts.body
  FROM (SELECT task.id, task.sample_ids, prompt.content_hash COLLATE "C" AS hash, prompt.family, prompt.messages,
               prompt.language, prompt.category, prompt.source
          FROM annotation_task task JOIN annotation_prompt prompt ON prompt.id = task.prompt_id
         WHERE task.project_id = %(project)s AND task.kind = 'rank'
           AND (%(languages)s::text[] IS NULL OR prompt.language = ANY (%(languages)s::text[]))
           AND (%(categories)s::text[] IS NULL OR prompt.category = ANY (%(categories)s::text[]))
           AND EXISTS (
               SELECT FROM annotation_judgement judgement WHERE judgement.task_id = task.id AND judgement.is_current)
         ORDER BY hash, task.id) task
 CROSS JOIN LATERAL (
       SELECT json_agg({VERDICT})::text AS body
         FROM {JUDGED} AND judgement.task_id = task.id
          AND (%(since)s::timestamptz IS NULL OR judgement.created_at >= %(since)s::timestamptz)
          AND (%(until)s::timestamptz IS NULL OR judgement.created_at < %(until)s::timestamptz)) verdicts
 CROSS JOIN LATERAL {RESPONSES}
 WHERE verdicts.body IS NOT NULL
 ORDER BY task.hash, task.id
"""

COUNT = "SELECT count(*) FROM annotation_judgement WHERE project_id = %s AND is_current"


def count(view: BaseDatabaseWrapper, project: Project) -> int:
    """The project's current judgements: at least as many as `records` will hold."""
    with view.cursor() as cursor:
        cursor.execute(COUNT, [project.pk])
        return int(cursor.fetchone()[0])


def records(view: BaseDatabaseWrapper, project: Project, query: Query) -> Iterator[Record]:
    """The project's judged tasks that `query` asks for, all current judgements of a task in one record."""
    cast = Cast()
    same_prompt: list[Draft] = []
    for row in _rows(view, project, query):
        draft = Draft(row)
        if same_prompt and same_prompt[0].prompt_id != draft.prompt_id:
            yield from _named(same_prompt, cast)
            same_prompt = []
        same_prompt.append(draft)
    yield from _named(same_prompt, cast)


def _rows(view: BaseDatabaseWrapper, project: Project, query: Query) -> Iterator[tuple[Any, ...]]:
    values: dict[str, Any] = {
        "project": project.pk,
        "criterion": criterion(project, query.criterion),
        "languages": query.languages and list(query.languages),
        "categories": query.categories and list(query.categories),
        "since": query.since,
        "until": query.until,
    }
    with view.chunked_cursor() as cursor:
        cursor.execute(RECORDS, values)
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


class Names(Protocol):
    """People's pseudonyms."""

    def name(self, person_id: int) -> str: ...


class Cast:
    """Pseudonyms: p1, p2 … in the order in which people are first met."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def name(self, person_id: int) -> str:
        return self._names.setdefault(person_id, f"p{len(self._names) + 1}")


class Draft:
    """A row of the database on its way to a record: people still have their ids, answers too."""

    def __init__(self, row: tuple[Any, ...]):
        self.prompt_id, self.family, messages, self.language, self.category, self.source, responses, verdicts = row
        self.messages = orjson.loads(messages)
        self.answers = orjson.loads(responses)
        self.verdicts = sorted(orjson.loads(verdicts), key=_place)
        self.texts = [answer[1] for answer in self.answers]

    def record(self, cast: Names) -> Record:
        return Record(
            prompt_id=self.prompt_id,
            family=self.family,
            messages=self.messages,
            language=self.language,
            category=self.category,
            source=self.source,
            responses=[Response(*answer[1:]) for answer in self.answers],
            verdicts=[self._verdict(verdict, cast.name(verdict["person"])) for verdict in self.verdicts],
        )

    def _verdict(self, facts: dict[str, Any], annotator: str) -> Verdict:
        ranks = dict(zip(facts["samples"] or (), facts["ranks"] or (), strict=True))
        ids = [answer[0] for answer in self.answers]
        return Verdict(
            annotator=annotator,
            ranks=[ranks.get(sample) for sample in ids],
            strength=facts["strength"],
            ratings=[facts["ratings"].get(str(sample), {}) for sample in ids],
            flags=[facts["flags"].get(str(sample), {}) for sample in ids],
            categories=[facts["categories"].get(str(sample), {}) for sample in ids],
            all_bad=facts["all_bad"],
            edited_text=facts["edited_text"],
            seconds=facts["seconds"],
        )


def _place(verdict: dict[str, Any]) -> str:
    """People stand in the order of their names' hashes: the same everywhere, and it tells nothing of the names."""
    return hashlib.sha256(verdict["name"].encode()).hexdigest()


def _named(drafts: list[Draft], cast: Cast) -> Iterator[Record]:
    """The records of one prompt, its sets of answers in the order of their hashes."""
    for draft in sorted(drafts, key=lambda draft: draft.texts):
        yield draft.record(cast)
