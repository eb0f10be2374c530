"""The tail: judgements as they come in, for those who follow a project from afar.

Ids are drawn before their transaction commits, so a lower id can appear after a higher one was read. A cursor that
walks along the ids must therefore not pass a writer who is still at work. `_settled` finds how far it may go.
"""

import time
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.utils.crypto import salted_hmac

from annotation.models import Project
from annotation.questions import criterion
from annotation.reviews import DISCARDED
from exports.arriving import plan_for_first_rows
from exports.drafts import Draft
from exports.formats import Options, Row
from exports.formats.raw import rows
from exports.records import consistent_view
from exports.statements import GOLD, JUDGED, responses, verdict

MAX_LIMIT = 1_000_000
PATIENCE_S = 2.0
POLL_S = 0.01
CHUNK = 200


def comparisons_since(project: Project, cursor: str = "", limit: int = 1000) -> Iterator[tuple[str, Row]]:
    """Current judgements of rank tasks after `cursor`, at most `limit`: `(cursor after this row, row)`.

    And demonstrations that somebody made of an answer: a ranking of two, the edit before the answer. Gold, and what a
    reviewer discarded, stay out. An empty cursor is the beginning. A row is one of the `raw` format with the
    judgement's `id`, `revision` and `created_at`; a revision appears again later, under its new id. People are named by
    a keyed hash that stays the same from call to call. None is ever skipped: while a long transaction (an import)
    writes judgements, the tail waits `PATIENCE_S` for it and then ends early, for the caller to ask again. Raises
    `ValueError` for a cursor that
    is none; call outside a transaction.
    """
    after = _position(cursor)
    settled = _settled(after)
    return _stream(project, after, settled, min(limit, MAX_LIMIT)) if settled > after else iter(())


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise ValueError("since: a cursor that an earlier answer gave, or nothing to begin at the beginning.")
    return int(cursor)


LAST_ID = "SELECT pg_sequence_last_value(pg_get_serial_sequence('annotation_judgement', 'id')::regclass)"

# Whoever inserts holds this lock from before it draws an id until after its commit is visible.
WRITERS = """
SELECT array_agg(DISTINCT virtualtransaction) FROM pg_locks
 WHERE relation = 'annotation_judgement'::regclass AND mode = 'RowExclusiveLock' AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND pid IS DISTINCT FROM pg_backend_pid()
"""


def _settled(after: int) -> int:
    """An id up to which nothing can appear any more that is not there now; `after` where a writer takes too long.

    The last id drawn, read before the writers: who starts to write later draws higher ids, so only those at work now
    are waited for, and a busy project does not hold the tail up.
    """
    last = int(_value(LAST_ID) or 0)
    if last <= after:
        return after
    at_work, patience = _writers(), time.monotonic() + PATIENCE_S
    while at_work:
        if time.monotonic() > patience:
            return after
        time.sleep(POLL_S)
        at_work &= _writers()
    return last


def _writers() -> set[str]:
    return set(_value(WRITERS) or ())


def _value(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


SELECTED = f"""
SELECT judgement.id, judgement.revision, judgement.created_at, prompt.content_hash, prompt.family,
       prompt.messages::text, prompt.language, prompt.category, prompt.source, responses.body,
       json_build_array({verdict()})::text, prompt.external_id, prompt.project_id"""
BEHIND = f"""judgement.project_id = %(project)s AND NOT {GOLD} AND NOT {DISCARDED}
   AND judgement.id > %(after)s AND judgement.id <= %(settled)s
 ORDER BY judgement.id LIMIT %(limit)s"""
# Rankings; and edits of answers, each a ranking of two. Both are walked along the same index, and merged by it.
ROWS = f"""
({SELECTED}
  FROM annotation_task task JOIN annotation_prompt prompt ON prompt.id = task.prompt_id
 CROSS JOIN LATERAL {responses()}, {JUDGED}
   AND judgement.task_id = task.id AND task.kind = 'rank' AND {BEHIND})
UNION ALL
({SELECTED}
  FROM annotation_judgement judgement
  JOIN annotation_task work ON work.id = judgement.task_id AND work.kind = 'demonstrate'
  JOIN annotation_person person ON person.id = judgement.person_id
  JOIN annotation_prompt prompt ON prompt.id = judgement.prompt_id
 CROSS JOIN LATERAL (SELECT ARRAY[judgement.sample_id, judgement.started_from_id] AS sample_ids,
                            ARRAY[0, 1] AS ranks) ranking
 CROSS JOIN LATERAL (SELECT work.id, ranking.sample_ids) task
 CROSS JOIN LATERAL {responses()}
 WHERE judgement.is_current AND judgement.started_from_id <> judgement.sample_id AND {BEHIND})
 ORDER BY 1 LIMIT %(limit)s
"""


def _stream(project: Project, after: int, settled: int, limit: int) -> Iterator[tuple[str, Row]]:
    values: dict[str, Any] = {
        "project": project.pk,
        "criterion": criterion(project),
        "after": after,
        "settled": settled,
        "limit": limit,
    }
    people = Keyed(project)
    with consistent_view() as view, view.chunked_cursor() as cursor:
        plan_for_first_rows(view)
        cursor.execute(ROWS, values)
        while found := cursor.fetchmany(CHUNK):
            for row in found:
                yield str(row[0]), _row(row, people)


class Keyed:
    """Pseudonyms that need no memory: a person's name in this project, which only the server's key can undo."""

    def __init__(self, project: Project):
        self._project = project.pk

    def name(self, person_id: int) -> str:
        return salted_hmac("exports.tail", f"{self._project}:{person_id}", algorithm="sha256").hexdigest()[:16]


def _row(row: tuple[Any, ...], people: Keyed) -> Row:
    judgement_id, revision, created_at, *content = row
    [facts] = rows(Draft(tuple(content)).record(people), Options())
    return {"id": judgement_id, "revision": revision, "created_at": created_at, **facts}
