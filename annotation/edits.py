"""Edited demonstrations → pairs: what somebody made of an answer is better than the answer that they started from."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from django.db import connection

from annotation.comparisons import CHUNK, Group, group_of
from annotation.models import Project
from annotation.models.judgement import OVERALL
from annotation.questions import criterion, of
from annotation.reviews import DISCARDED

# A row as of `comparisons.GROUPS`. An edit that several people made is one group, with a vote of each.
EDITS = f"""
SELECT min(task.id), prompt.id, prompt.content_hash COLLATE "C" AS hash, prompt.family, prompt.messages::text,
       CASE WHEN better.text_hash COLLATE "C" < worse.text_hash COLLATE "C"
            THEN json_build_array(json_build_array(better.id, better.text), json_build_array(worse.id, worse.text))
            ELSE json_build_array(json_build_array(worse.id, worse.text), json_build_array(better.id, better.text))
        END::text,
       json_agg(json_build_array(ARRAY[better.id, worse.id], ARRAY[0, 1], judgement.person_id, NULL,
                                 '{{}}'::json, '{{}}'::json) ORDER BY judgement.id)::text,
       prompt.language, prompt.category, NULL
  FROM annotation_judgement judgement
  JOIN annotation_task task ON task.id = judgement.task_id AND task.kind = 'demonstrate'
  JOIN annotation_prompt prompt ON prompt.id = judgement.prompt_id
  JOIN annotation_sample better ON better.id = judgement.sample_id AND better.usable
  JOIN annotation_sample worse ON worse.id = judgement.started_from_id
 WHERE judgement.project_id = %(project)s AND judgement.is_current AND better.id <> worse.id AND NOT {DISCARDED}
 GROUP BY prompt.id, better.id, worse.id
 ORDER BY hash, better.text_hash COLLATE "C", worse.text_hash COLLATE "C"
"""


def edits(project: Project, asked: str = OVERALL, reliance: Mapping[int, float] | None = None) -> Iterator[Group]:
    """The project's edits as groups of two, in an order that the data alone decide; see `comparisons.groups`.

    They are better by the project's main criterion: none where another one is asked for.
    """
    if criterion(project, asked) != criterion(project):
        return
    questions = of(project)
    with connection.chunked_cursor() as cursor:
        cursor.execute(EDITS, {"project": project.pk})
        while rows := cursor.fetchmany(CHUNK):
            for row in rows:
                group = group_of(questions, reliance or {}, *row)
                if group.first:
                    yield replace(group, unsafe=[])  # nobody was asked
