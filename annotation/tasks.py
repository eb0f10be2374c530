"""Where ranking tasks come from: prompts with enough answers, and rankings that were made elsewhere."""

from collections.abc import Iterable, Mapping

from django.db import connection, transaction
from django.db.models import F, QuerySet

from annotation.models import Project, Task
from annotation.models.task import DEFAULT_PRIORITY, PRIORITIES, TaskKind

FORM_LOCK = 0x50524554  # "PRET": keeps this advisory lock apart from all others in the database

# One statement for any number of prompts. The lane is "updated" where it exists, so that RETURNING names it even
# when somebody else made it a moment ago.
FORM = """
WITH free AS (
    SELECT prompt.id AS prompt_id, prompt.language, prompt.author_id AS prompt_author,
           sample.id, sample.author_id,
           (row_number() OVER (PARTITION BY prompt.id ORDER BY wished.place, sample.id) - 1) / %(k)s AS part
      FROM annotation_prompt prompt JOIN annotation_sample sample ON sample.prompt_id = prompt.id
      LEFT JOIN unnest(%(wished)s::bigint[]) WITH ORDINALITY AS wished(id, place) ON wished.id = sample.id
     WHERE prompt.project_id = %(project)s AND prompt.review_state = 'accepted' AND sample.usable
       AND (%(all)s OR prompt.id = ANY(%(prompts)s::bigint[]))
       AND NOT EXISTS (SELECT FROM annotation_task task
                        WHERE task.prompt_id = prompt.id AND task.kind = 'rank' AND task.sample_ids @> ARRAY[sample.id])
), ready AS (
    SELECT prompt_id, language, array_agg(id ORDER BY id) AS sample_ids,
           array_agg(author_id) || prompt_author AS authors
      FROM free GROUP BY prompt_id, language, prompt_author, part HAVING count(*) = %(k)s
), lane AS (
    INSERT INTO annotation_lane AS lane (project_id, kind, language, cohort, purpose)
    SELECT DISTINCT %(project)s::bigint, 'rank', language, '', 'work' FROM ready
    ON CONFLICT (project_id, kind, language, cohort, purpose) DO UPDATE SET language = excluded.language
    RETURNING id, language
)
INSERT INTO annotation_task
       (project_id, lane_id, prompt_id, kind, sample_ids, author_ids, priority, overlap, taken, judged, created_at)
SELECT %(project)s, lane.id, prompt_id, 'rank', sample_ids,
       ARRAY(SELECT DISTINCT author FROM unnest(authors) author WHERE author IS NOT NULL ORDER BY author),
       %(priority)s, %(overlap)s, 0, 0, now()
  FROM ready JOIN lane USING (language) ORDER BY prompt_id, sample_ids
ON CONFLICT (prompt_id, kind, sample_ids) DO NOTHING
"""


def form_rank_tasks(
    *,
    project: Project,
    prompt_ids: Iterable[int] | None = None,
    force: bool = False,
    sample_order: Iterable[int] = (),
) -> int:
    """Make rank tasks of accepted prompts with K usable samples that are in no rank task yet; answers how many.

    K at a time in the order of their ids, those of `sample_order` before and as it says; fewer than K wait for more.
    All prompts of the project, or those of `prompt_ids`. Where the project waits for its manager (`auto_tasks` off)
    nothing is made unless `force`.
    """
    if not (project.auto_tasks or force):
        return 0
    values: dict[str, int | list[int]] = {
        "project": project.pk,
        "k": project.k,
        "overlap": project.overlap,
        "priority": DEFAULT_PRIORITY,
        "all": prompt_ids is None,
        "prompts": sorted(set(prompt_ids or ())),
        "wished": list(sample_order),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        hold_forming(project)
        cursor.execute(FORM, values)
        return int(cursor.rowcount)


def hold_forming(project: Project) -> None:
    """Until the transaction ends nobody else forms tasks here: two at once would each see the same samples as free."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashint8(%s))", [FORM_LOCK, project.pk])


PRIORITIES_AT_ONCE = 200  # few rows are locked at a time, so that people find tasks meanwhile

# An open task whose priority changes goes to its lane's end at the new level, so that it lies before everybody's
# position there (ADR 3). Locked in one order, and what is just being handed out is left as it is.
SET_PRIORITIES = """
WITH changed AS (
    SELECT task.id, wished.priority
      FROM annotation_task task JOIN unnest(%s::bigint[], %s::smallint[]) AS wished(id, priority) USING (id)
     WHERE task.taken < task.overlap AND task.withdrawn_at IS NULL AND task.priority <> wished.priority
     ORDER BY task.id FOR UPDATE OF task SKIP LOCKED
)
UPDATE annotation_task task SET priority = changed.priority, queue_number = nextval('annotation_queue_seq')
  FROM changed WHERE changed.id = task.id
"""


def open_rank_tasks(project: Project) -> QuerySet[Task]:
    """The tasks that ordinary rankings are still wanted for: no gold, no qualification."""
    rank = Task.objects.filter(project=project, kind=TaskKind.RANK, lane__purpose="work")
    return rank.filter(withdrawn_at=None, taken__lt=F("overlap"))


def set_priorities(*, project: Project, priorities: Mapping[int, int], others: int = DEFAULT_PRIORITY) -> int:
    """Give the project's open ranking tasks these priorities, and `others` to those not named; how many changed.

    What is at the highest level is left there: that one is for people to use. Not to be called in a transaction,
    which would hold all the rows until its end.
    """
    ordered = open_rank_tasks(project).filter(priority__lt=PRIORITIES[-1]).values_list("pk", "priority")
    wanted = [(pk, to) for pk, now in ordered.iterator() if (to := priorities.get(pk, others)) != now]
    changed = 0
    for start in range(0, len(wanted), PRIORITIES_AT_ONCE):
        ids, levels = zip(*wanted[start : start + PRIORITIES_AT_ONCE], strict=True)
        with connection.cursor() as cursor:
            cursor.execute(SET_PRIORITIES, [list(ids), list(levels)])
            changed += cursor.rowcount
    return changed


# Promise 2 holds for imported judgements too: a slot for each, and the overlap grows where they are more.
COUNT_JUDGED = """
UPDATE annotation_task task
   SET taken = task.taken + added.judged, judged = task.judged + added.judged,
       overlap = greatest(task.overlap, task.taken + added.judged)
  FROM unnest(%s::bigint[], %s::integer[]) AS added(task_id, judged)
 WHERE task.id = added.task_id
"""


def count_imported(judged: Mapping[int, int]) -> None:
    """Count judgements that came from a file: task id → how many new ones."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_JUDGED, [list(judged), list(judged.values())])
