"""Who gets which task next: lease, renew, skip, expire. What touches `Task.taken` for a lease lives here.

Promises 2 and 3 of the design. How the queue stays equally fast at any size is ADR 3: each lane hands out its open
tasks in the order (priority, queue number); a person's `QueuePosition` says how far they have come, so a search never
walks over what they have already done.
"""

import random
from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from annotation.models import Assignment, Lane, Person, Project, Task, WorkDay

# A task in work, the next one prefetched, and one in another tab.
MAX_LIVE = 3
# How long a task that is only prefetched is kept from others, unless the page asks again or shows it.
AHEAD = timedelta(minutes=5)
LEFT = timedelta(minutes=1)  # and when the page was closed: long enough for a reload
CANDIDATES = 16
# More than people can be at one moment in the middle of being given a task: the last look must not take that for empty.
ALL_CANDIDATES = 256
LEASE_LOCK = 0x50524546  # "PREF": keeps this advisory lock apart from all others in the database


class NothingLeft(Exception):
    """There is no task for this person now; `reason` is one of `empty`, `daily_cap`, `archived`."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


# One guarded statement: the first lockable of the candidates that still has a slot is taken, its lease is written,
# and the person's place in the lane moves behind it. Nothing is written when any part does not hold.
LEASE = """
WITH place AS (
    SELECT lane.id AS lane_id, level.priority,
           CASE WHEN %(from_start)s THEN 0 ELSE coalesce(place.queue_number, 0) END AS behind
      FROM unnest(%(lanes)s::bigint[]) AS lane(id)
     CROSS JOIN generate_series(9, 0, -1) AS level(priority)
      LEFT JOIN annotation_queueposition place
        ON place.person_id = %(person)s AND place.lane_id = lane.id AND place.priority = level.priority
), candidate AS MATERIALIZED (
    SELECT task.id
      FROM place CROSS JOIN LATERAL (
        SELECT id, priority, queue_number FROM annotation_task
         WHERE lane_id = place.lane_id AND priority = place.priority AND queue_number > place.behind
           AND taken < overlap AND withdrawn_at IS NULL AND NOT author_ids @> ARRAY[%(person)s::bigint]
           AND NOT EXISTS (SELECT FROM annotation_assignment given
                            WHERE given.task_id = annotation_task.id AND given.person_id = %(person)s)
         ORDER BY queue_number LIMIT %(candidates)s
      ) task
     ORDER BY task.priority DESC, task.queue_number LIMIT %(candidates)s
), chosen AS (
    SELECT task.id FROM annotation_task task JOIN candidate ON candidate.id = task.id
     WHERE task.taken < task.overlap AND task.withdrawn_at IS NULL
     ORDER BY task.priority DESC, task.queue_number LIMIT 1
       FOR UPDATE OF task SKIP LOCKED
), leased AS (
    UPDATE annotation_task task SET taken = taken + 1 FROM chosen WHERE task.id = chosen.id
    RETURNING task.id, task.project_id, task.lane_id, task.priority, task.queue_number
), moved AS (
    INSERT INTO annotation_queueposition AS place (person_id, lane_id, priority, queue_number)
    SELECT %(person)s, lane_id, priority, queue_number FROM leased
    ON CONFLICT (person_id, lane_id, priority) DO UPDATE
       SET queue_number = CASE WHEN %(from_start)s THEN excluded.queue_number
                               ELSE greatest(place.queue_number, excluded.queue_number) END
)
INSERT INTO annotation_assignment
       (uuid, project_id, task_id, person_id, state, shown, leased_at, expires_at, skip_reason)
SELECT gen_random_uuid(), project_id, id, %(person)s, 'leased', '{}',
       now(), now() + make_interval(mins => %(minutes)s), '' FROM leased
RETURNING uuid, task_id
"""


def lease_next(*, person: Person, project: Project, holding: Collection[UUID] = ()) -> Assignment:
    """The person's next task, leased for the project's lease time.

    A live lease that the caller does not say it is `holding` is handed out again, so that a page that was lost
    on the way costs nobody a slot. Raises `NothingLeft`.
    """
    with transaction.atomic():
        _one_at_a_time(person, project)
        if again := _still_held(person, project, holding):
            return again
        if project.archived_at:
            raise NothingLeft("archived")
        _check_cap(person, project)
        if leased := _lease(person, project) or _lease(person, project, from_start=True) or _revive(person, project):
            return leased
    raise NothingLeft("empty")


def lease_ahead(*, person: Person, project: Project, holding: Collection[UUID]) -> Assignment:
    """The task that comes after those the person holds, leased for a short time until it is taken up.

    Raises `NothingLeft`, also where the person holds as many as one may.
    """
    with transaction.atomic():
        ahead = lease_next(person=person, project=project, holding=holding)
        if ahead.uuid in holding:
            raise NothingLeft("holding")
        if ahead.draft is None:
            ahead.expires_at = min(ahead.expires_at, timezone.now() + AHEAD)
            ahead.save(update_fields=["expires_at"])
        return ahead


def leave(*, person: Person, project: Project, uuids: Collection[UUID]) -> int:
    """The page that had prefetched them was closed: those in which nothing was entered go to others in a moment."""
    unseen = Assignment.objects.live().filter(person=person, project=project, pk__in=uuids, draft__isnull=True)
    return unseen.filter(expires_at__gt=timezone.now() + LEFT).update(expires_at=timezone.now() + LEFT)


def _one_at_a_time(person: Person, project: Project) -> None:
    """Serialise one person's calls: two tabs that ask at once must not be given two tasks for one wish."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashint8(%s))", [LEASE_LOCK, person.pk << 20 ^ project.pk])


def _still_held(person: Person, project: Project, holding: Collection[UUID]) -> Assignment | None:
    mine = Assignment.objects.filter(person=person, project=project, expires_at__gt=timezone.now()).live()
    held = list(mine.select_related("task__prompt").order_by("leased_at"))
    for assignment in held:
        if assignment.uuid not in holding:
            return renew(assignment)
    if len(held) >= MAX_LIVE:
        return held[-1]
    return None


def _check_cap(person: Person, project: Project) -> None:
    if project.daily_cap is None:
        return
    done = WorkDay.objects.filter(project=project, person=person, day=today()).values_list("judgements", flat=True)
    if sum(done) >= project.daily_cap:
        raise NothingLeft("daily_cap")


def today() -> date:
    return timezone.localdate()


def _lease(person: Person, project: Project, *, from_start: bool = False) -> Assignment | None:
    """Search behind the person's positions, or once more the whole of the lanes.

    A task can lie behind somebody's position without having been theirs: another transaction held its row, or it
    was committed later than one with a higher number. Only who has come to the end pays for that look; their
    position goes back to what it finds, and stays where it is when it finds nothing.
    """
    lanes = list(Lane.objects.filter(project=project).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            LEASE,
            {
                "lanes": lanes,
                "person": person.pk,
                "candidates": ALL_CANDIDATES if from_start else CANDIDATES,
                "from_start": from_start,
                "minutes": project.lease_minutes,
            },
        )
        row = cursor.fetchone()
    return _shuffled(row[0]) if row else None


def _shuffled(uuid: UUID) -> Assignment:
    """Fix the order in which this person sees the samples: position bias is measured, not fed."""
    assignment = Assignment.objects.select_related("task__prompt").get(uuid=uuid)
    assignment.shown = random.Random(uuid.int).sample(assignment.task.sample_ids, len(assignment.task.sample_ids))
    assignment.save(update_fields=["shown"])
    return assignment


def _revive(person: Person, project: Project) -> Assignment | None:
    """One's own lease that ran out, when its task still has a slot: the same assignment, not a second one."""
    expired = Assignment.objects.filter(person=person, project=project, state=Assignment.State.EXPIRED)
    open_again = expired.filter(task__taken__lt=F("task__overlap"), task__withdrawn_at=None)
    unlocked = open_again.select_related("task__prompt", "project").select_for_update(of=("self",), skip_locked=True)
    for assignment in unlocked.order_by("leased_at")[:CANDIDATES]:
        if retake(assignment):
            return assignment
    return None


def retake(assignment: Assignment) -> bool:
    """Take a slot again for a lease that ran out, its row locked; False when others have taken them all."""
    free = Task.objects.filter(pk=assignment.task_id, taken__lt=F("overlap"), withdrawn_at=None)
    if not free.update(taken=F("taken") + 1):
        return False
    assignment.state, assignment.closed_at = Assignment.State.LEASED, None
    assignment.expires_at = _lease_end(assignment.project)
    assignment.save(update_fields=["state", "closed_at", "expires_at"])
    return True


def _lease_end(project: Project) -> datetime:
    return timezone.now() + timedelta(minutes=project.lease_minutes)


def renew(assignment: Assignment) -> Assignment:
    """Somebody is at work on it: the lease starts anew, unless it is over already."""
    ends = _lease_end(assignment.project)
    if Assignment.objects.live().filter(pk=assignment.pk).update(expires_at=ends):
        assignment.expires_at = ends
    return assignment


def save_draft(*, assignment: Assignment, draft: dict[str, object]) -> bool:
    """Keep the unfinished form and renew the lease; False when the task is already judged or given back."""
    ends = _lease_end(assignment.project)
    open_states = [Assignment.State.LEASED, Assignment.State.EXPIRED]
    kept = Assignment.objects.filter(pk=assignment.pk, state__in=open_states).update(draft=draft)
    Assignment.objects.live().filter(pk=assignment.pk).update(expires_at=ends)
    return bool(kept)


@transaction.atomic
def skip(*, assignment: Assignment, reason: str = "") -> bool:
    """Give a task back; it is never offered to this person again. False when it was no longer in work."""
    if not _close([assignment.pk], Assignment.State.SKIPPED, reason=reason[:500]):
        return False
    key = {"project_id": assignment.project_id, "person_id": assignment.person_id, "day": today()}
    WorkDay.objects.update_or_create(**key, defaults={"skips": F("skips") + 1}, create_defaults={**key, "skips": 1})
    return True


@transaction.atomic
def give_back(*, person: Person, project: Project, uuids: Collection[UUID] | None = None) -> int:
    """The person stops for now: what they hold (or those of it) goes to others; answers how much that was.

    As if the leases had run out: drafts stay, and the person gets the same tasks again while these have a slot.
    """
    held = Assignment.objects.live().filter(person=person, project=project)
    if uuids is not None:
        held = held.filter(pk__in=uuids)
    return _close(list(held.values_list("pk", flat=True)), Assignment.State.EXPIRED)


def take_up(assignment: Assignment) -> bool:
    """The person begins with a task that was leased ahead: the whole lease time from now on.

    False when the lease ran out unseen and others have taken the task, or it is closed.
    """
    with transaction.atomic():
        locked = Assignment.objects.select_related("project").select_for_update(of=("self",)).get(pk=assignment.pk)
        if locked.state == Assignment.State.EXPIRED:
            return retake(locked)
        return locked.state == Assignment.State.LEASED and bool(renew(locked))


@transaction.atomic
def revoke(*, assignment: Assignment) -> bool:
    """Take a task away from somebody (they left the project, or a manager says so)."""
    return bool(_close([assignment.pk], Assignment.State.REVOKED))


def expire_overdue(limit: int = 1000) -> int:
    """Give back the slots of leases that ran out; answers how many. Called by beat."""
    with transaction.atomic():
        overdue = Assignment.objects.overdue().select_for_update(skip_locked=True, of=("self",))
        return _close(list(overdue.values_list("pk", flat=True)[:limit]), Assignment.State.EXPIRED)


# What is freed goes to its lane's end, before everybody's position. Tasks are locked in one order: no deadlocks.
CLOSE = """
WITH closed AS (
    UPDATE annotation_assignment SET state = %(state)s, closed_at = now(), skip_reason = %(reason)s
     WHERE uuid = ANY(%(uuids)s) AND state = 'leased' RETURNING task_id
), freed AS (
    SELECT task_id, count(*) AS slots FROM closed GROUP BY task_id
), locked AS (
    SELECT id FROM annotation_task WHERE id IN (SELECT task_id FROM freed) ORDER BY id FOR UPDATE
)
UPDATE annotation_task task
   SET taken = task.taken - freed.slots, queue_number = nextval('annotation_queue_seq')
  FROM freed JOIN locked ON locked.id = freed.task_id
 WHERE task.id = freed.task_id
RETURNING freed.slots
"""


def _close(uuids: list[UUID], state: str, reason: str = "") -> int:
    """End those of the leases that are still live and free their slots; answers how many ended."""
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, {"uuids": uuids, "state": state, "reason": reason})
        return sum(int(slots) for (slots,) in cursor.fetchall())
