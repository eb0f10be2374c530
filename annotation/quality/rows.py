"""A project's judged tasks out of the database, one statement behind a server-side cursor: memory stays flat."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import orjson
from django.db import connection
from django.utils import timezone

from annotation.models import Project
from annotation.quality.said import Judged, Ranks, Vote

CHUNK = 500  # tasks a fetch

# octet_length of a stored text does not read the text.
JUDGED = """
SELECT task.id, coalesce(octet_length(prompt.messages::text), 0), gold.sample_ids, gold.ranks, answers.body, votes.body
  FROM annotation_task task LEFT JOIN annotation_prompt prompt ON prompt.id = task.prompt_id
  JOIN annotation_lane lane ON lane.id = task.lane_id
  LEFT JOIN annotation_gold gold ON gold.task_id = task.id
 CROSS JOIN LATERAL (
       SELECT json_agg(json_build_array(sample.id, octet_length(sample.text)))::text AS body
         FROM annotation_sample sample WHERE sample.id = ANY (task.sample_ids)) answers
 CROSS JOIN LATERAL (
       SELECT json_agg(json_build_array(judgement.person_id, (judgement.created_at AT TIME ZONE %(zone)s)::date,
                                        judgement.seconds, assignment.shown, orders.body))::text AS body
         FROM annotation_judgement judgement
         LEFT JOIN annotation_assignment assignment ON assignment.uuid = judgement.assignment_id
        CROSS JOIN LATERAL (
              SELECT json_object_agg(criterion, json_build_array(sample_ids, ranks)) AS body
                FROM annotation_ranking ranking WHERE ranking.judgement_id = judgement.id) orders
        WHERE judgement.task_id = task.id AND (gold.id IS NULL OR gold.created_at <= judgement.created_at)
          AND CASE WHEN lane.purpose = 'qualification' THEN judgement.revision = 1 ELSE judgement.is_current END) votes
 WHERE task.project_id = %(project)s AND task.kind IN ('rank', 'rate', 'chat') AND task.judged > 0
   AND votes.body IS NOT NULL
 ORDER BY task.id
"""


def judged(project: Project) -> Iterator[Judged]:
    """Every task of the project in which somebody judged answers, with all current judgements of it.

    In the qualification it is what was said first: afterwards its right order is known. What was said of a task before
    it was gold counts nowhere: its right order may come from it.
    """
    values: dict[str, int | str] = {"project": project.pk, "zone": timezone.get_current_timezone_name()}
    with connection.chunked_cursor() as cursor:
        cursor.execute(JUDGED, values)
        while rows := cursor.fetchmany(CHUNK):
            for row in rows:
                yield _judged(*row)


def _judged(
    task: int, prompt_size: int, gold_ids: list[int] | None, gold_ranks: list[int], answers: str | None, votes: str
) -> Judged:
    return Judged(
        task=task,
        votes=[_vote(*vote) for vote in orjson.loads(votes)],
        sizes=dict(orjson.loads(answers or "[]")),
        prompt_size=prompt_size,
        gold=None if gold_ids is None else _ranks(gold_ids, gold_ranks),
    )


def _vote(person: int, day: str, seconds: float | None, shown: list[int] | None, orders: dict[str, Any] | None) -> Vote:
    by_criterion = {criterion: _ranks(*arrays) for criterion, arrays in (orders or {}).items()}
    return Vote(person, date.fromisoformat(day), by_criterion, shown or (), seconds)


def _ranks(sample_ids: list[int], ranks: list[int]) -> Ranks:
    return dict(zip(sample_ids, ranks, strict=True))
