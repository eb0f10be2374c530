"""Where ranking tasks come from (prompts with answers, rankings made elsewhere), and what managers do to one task."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation import overlap as judges
from annotation.models import Assignment, Lane, Person, Project, Review, Task
from annotation.models.audit import record
from annotation.models.task import DEFAULT_PRIORITY, PRIORITIES, TaskKind, next_queue_number
from annotation.queue import take_back

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


LONGEST_COHORT = 60
MOST_JUDGES = 100  # that a manager can ask for


class NotPossible(ValueError):
    """The task cannot be had so; the message is a sentence for the manager."""


def _held(task: Task) -> Task:
    """The task as it is now, nobody else changing it until the transaction ends."""
    return Task.objects.select_for_update(of=("self",)).select_related("lane", "project").get(pk=task.pk)


def _changed(action: str, task: Task, by: Person, columns: Mapping[str, Any], **details: Any) -> Task:
    for name, value in columns.items():
        setattr(task, name, value)
    task.save(update_fields=list(columns))
    record(action, actor=by, project=task.project, subject=task.pk, **details)
    return task


@transaction.atomic
def set_priority(*, task: Task, priority: int, by: Person) -> Task:
    """At the new level's end, before everybody's position there (ADR 3). Raises `NotPossible`."""
    if priority not in PRIORITIES:
        words = _("A priority is %(low)d to %(high)d: %(priority)s is none.")
        raise NotPossible(words % {"low": PRIORITIES[0], "high": PRIORITIES[-1], "priority": priority})
    task = _held(task)
    if priority == task.priority:
        return task
    columns = {"priority": priority, "queue_number": next_queue_number()}
    return _changed("task.priority", task, by, columns, before=task.priority, now=priority)


@transaction.atomic
def set_overlap(*, task: Task, overlap: int, by: Person) -> Task:
    """How many people judge the task: never fewer than have judged it or are at work on it. Raises `NotPossible`.

    One that was full comes back at its lane's end, before everybody's position. Where the project asks more people as
    judges disagree, it may go on to do so.
    """
    if not 1 <= overlap <= MOST_JUDGES:
        raise NotPossible(_("Between 1 and %(most)s people judge a task.") % {"most": MOST_JUDGES})
    task = _held(task)
    if overlap == task.overlap:
        return task
    if task.lane.purpose != Lane.Purpose.WORK:
        raise NotPossible(_("Everybody may get this task once: it is there to check people, and has no overlap."))
    if overlap < task.taken:
        words = _("%(n)d people have judged this task or are at work on it: it cannot be fewer.")
        raise NotPossible(words % {"n": task.taken})
    columns: dict[str, Any] = {"overlap": overlap}
    if task.taken == task.overlap:
        columns |= {"queue_number": next_queue_number(), "review_wanted_at": None}
    task = _changed("task.overlap", task, by, columns, before=task.overlap, now=overlap)
    if judges.is_dynamic(task.project):
        judges.settle(task.pk)
        task.refresh_from_db(fields=["overlap", "queue_number", "review_wanted_at"])
    return task


@transaction.atomic
def set_cohort(*, task: Task, cohort: str, by: Person) -> Task:
    """Keep the task for the members of `cohort` (empty: for everybody): it moves to their lane's end.

    Whoever has it in work keeps it. Raises `NotPossible`.
    """
    cohort = cohort.strip()
    if len(cohort) > LONGEST_COHORT or "\0" in cohort:
        words = _("A cohort's name has at most %(most)d characters, and no NUL.")
        raise NotPossible(words % {"most": LONGEST_COHORT})
    task = _held(task)
    before = task.lane
    if cohort == before.cohort:
        return task
    facts: dict[str, Any] = {"kind": before.kind, "language": before.language, "purpose": before.purpose}
    lane = Lane.objects.get_or_create(project=task.project, cohort=cohort, **facts)[0]
    columns = {"lane": lane, "queue_number": next_queue_number()}
    return _changed("task.cohort", task, by, columns, before=before.cohort, now=cohort)


def withdraw(*, task: Task, by: Person) -> int:
    """Give the task to nobody any more; answers from how many people it was taken away.

    What was judged stays. In two steps: first nobody gets it, then the leases end, assignments locked before their
    task as everywhere. Who submits in between is still in time. Not to be called in a transaction.
    """
    with transaction.atomic():
        held = _held(task)
        if not held.withdrawn_at:
            _changed("task.withdraw", held, by, {"withdrawn_at": timezone.now(), "review_wanted_at": None})
    task.withdrawn_at = held.withdrawn_at
    with transaction.atomic():
        live = Assignment.objects.filter(task=task, state=Assignment.State.LEASED).order_by("pk").select_for_update()
        return take_back([lease.pk for lease in live], Assignment.State.REVOKED)


@transaction.atomic
def put_back(*, task: Task, by: Person) -> Task:
    """A withdrawn task is work again, at its lane's end. Raises `NotPossible` where a reviewer discarded it."""
    task = _held(task)
    if not task.withdrawn_at:
        return task
    ruling = task.reviews.order_by("-pk").first()
    if ruling and ruling.verdict == Review.Verdict.DISCARDED:
        raise NotPossible(_("A reviewer discarded this task: change the ruling, and it comes back."))
    return _changed("task.put_back", task, by, {"withdrawn_at": None, "queue_number": next_queue_number()})


def steer(*, task: Task, by: Person, changes: Mapping[str, Any]) -> Task:
    """Any of `priority`, `overlap`, `cohort` and `withdrawn` at once, or none of them. Raises `NotPossible`."""
    with transaction.atomic():
        if changes.get("withdrawn") is False:
            task = put_back(task=task, by=by)
        if "priority" in changes:
            task = set_priority(task=task, priority=changes["priority"], by=by)
        if "overlap" in changes:
            task = set_overlap(task=task, overlap=changes["overlap"], by=by)
        if "cohort" in changes:
            task = set_cohort(task=task, cohort=changes["cohort"], by=by)
    if changes.get("withdrawn"):
        withdraw(task=task, by=by)
    return Task.objects.select_related("lane", "project").get(pk=task.pk)
