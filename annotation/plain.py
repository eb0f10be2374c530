"""The plain case of judging in one statement: a person's first word on a task that they hold.

All else (a lease that ran out, a revision, the same once more) is judging.py's.
"""

from datetime import datetime
from functools import cache
from typing import Any

import orjson
from django.db import connection, models

from annotation.models import Judgement
from annotation.queue import today
from annotation.statements import rows

# What the statement itself knows.
KNOWN = {
    "id": "",
    "assignment_id": "closed.uuid",
    "project_id": "closed.project_id",
    "task_id": "closed.task_id",
    "person_id": "closed.person_id",
    "prompt_id": "judged.prompt_id",
    "revision": "before.revision + 1",
    "created_at": "statement_timestamp()",
}
# The day's count and the judgement commit together. A judgement that was undone keeps its revision.
FIRST = """
WITH closed AS (
    UPDATE annotation_assignment SET state = 'judged', closed_at = statement_timestamp(), draft = NULL
     WHERE uuid = %(assignment)s::uuid AND state = 'leased'
       AND person_id = %(person)s::bigint AND project_id = %(project)s::bigint
    RETURNING uuid, project_id, task_id, person_id
), judged AS (
    UPDATE annotation_task task SET judged = judged + 1 FROM closed WHERE task.id = closed.task_id
    RETURNING task.prompt_id
), counted AS (
    INSERT INTO annotation_workday AS day (project_id, person_id, day, judgements, skips, seconds)
    SELECT project_id, person_id, %(today)s::date, 1, 0, coalesce(%(seconds)s::float, 0) FROM closed
    ON CONFLICT (project_id, person_id, day) DO UPDATE
       SET judgements = day.judgements + 1, seconds = day.seconds + excluded.seconds
), said AS (
    INSERT INTO annotation_judgement ({names})
    SELECT {values}
      FROM closed CROSS JOIN judged CROSS JOIN LATERAL (
        SELECT coalesce(max(revision), 0) AS revision FROM annotation_judgement
         WHERE task_id = closed.task_id AND person_id = closed.person_id) before
    RETURNING id, revision, prompt_id, created_at
), ranked AS (
    INSERT INTO annotation_ranking (judgement_id, criterion, sample_ids, ranks)
    SELECT said.id, ranking.criterion, ranking.sample_ids, ranking.ranks
      FROM said CROSS JOIN jsonb_to_recordset(%(rankings)s::jsonb)
                        AS ranking(criterion text, sample_ids bigint[], ranks smallint[])
)
SELECT id, revision, prompt_id, created_at FROM said
"""


def write(judgement: Judgement, rankings: list[dict[str, Any]]) -> bool:
    """Save the judgement of a live lease and all that goes with it; False, and nothing written, where it is not live.

    `rankings`: `{criterion, sample_ids, ranks}` each.
    """
    values = {
        "assignment": judgement.assignment_id,
        "person": judgement.person_id,
        "project": judgement.project_id,
        "today": today(),
        "rankings": orjson.dumps(rankings).decode(),
        **{field.attname: _prepared(field, judgement) for field in _said()},
    }
    written: list[tuple[int, int, int, datetime]] = rows((statement(), values))
    if not written:
        return False
    judgement.pk, judgement.revision, judgement.prompt_id, judgement.created_at = written[0]
    judgement._state.adding = False
    return True


def _prepared(field: "models.Field[Any, Any]", judgement: Judgement) -> Any:
    return field.get_db_prep_save(getattr(judgement, field.attname), connection)


@cache
def _said() -> "list[models.Field[Any, Any]]":
    return [field for field in Judgement._meta.concrete_fields if field.attname not in KNOWN]


@cache
def statement() -> str:
    """Made from the model, so that a column more is one there too."""
    values = {str(field.column): f"%({field.attname})s::{field.db_type(connection)}" for field in _said()}
    values |= {name: value for name, value in KNOWN.items() if value}
    return FIRST.format(names=", ".join(values), values=", ".join(values.values()))
