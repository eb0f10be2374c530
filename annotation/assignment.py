"""Who gets which task next: lease, renew, skip, expire. What touches `Task.taken` lives here and in queue.py.

Promises 2 and 3 of the design. How the queue stays equally fast at any size is ADR 3: each lane hands out its open
tasks in the order (priority, queue number); a person's `QueuePosition` says how far they have come, so a search never
walks over what they have already done.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from annotation.models import Assignment, Person, Project, Task, WorkDay
from annotation.queue import CANDIDATES, MAX_LIVE, hand_out, take_back, today

__all__ = ["MAX_LIVE", "NothingLeft", "lease_next", "today"]

EMPTY, QUALIFICATION = "empty", "qualification"
# How long a task that is only prefetched is kept from others, unless the page asks again or shows it.
AHEAD = timedelta(minutes=5)
LEFT = timedelta(minutes=1)  # and when the page was closed: long enough for a reload


class NothingLeft(Exception):
    """There is no task for this person now; `reason` is one of `empty`, `daily_cap`, `archived`, `paused`,
    `qualification` (there is no task of an open round)."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


def lease_next(
    *,
    person: Person,
    project: Project,
    holding: Collection[UUID] = (),
    kind: str = "",
    ahead: timedelta | None = None,
) -> Assignment:
    """The person's next task, leased for the project's lease time; of one `kind` where they choose it.

    A live lease that the caller does not say it is `holding` is handed out again, so that a page that was lost
    on the way costs nobody a slot. `ahead`: see `lease_ahead`. Raises `NothingLeft`.
    """
    if given := hand_out(person=person, project=project, holding=holding, kind=kind, ahead=ahead):
        return given
    with transaction.atomic():  # the end of the queue, as far as this person has come
        if given := hand_out(person=person, project=project, holding=holding, kind=kind, ahead=ahead, from_start=True):
            return given
        reason = _why_nothing(person, project, holding)
        if reason in (EMPTY, QUALIFICATION) and (given := _revive(person, project, kind, reason)):
            return given
    raise NothingLeft(reason)


def _why_nothing(person: Person, project: Project, holding: Collection[UUID]) -> str:
    if project.archived_at:
        return "archived"
    if project.daily_cap is not None:
        done = WorkDay.objects.filter(project=project, person=person, day=today()).values_list("judgements", flat=True)
        if sum(done) + len(holding) >= project.daily_cap:
            return "daily_cap"
    member = project.memberships.filter(person=person).first()
    if member and member.paused_at:
        return "paused"
    return QUALIFICATION if member and member.must_qualify(project) else EMPTY


def lease_ahead(*, person: Person, project: Project, holding: Collection[UUID], kind: str = "") -> Assignment:
    """The task that comes after those the person holds, leased for a short time until it is taken up.

    Raises `NothingLeft`, also where the person holds as many as one may.
    """
    ahead = lease_next(person=person, project=project, holding=holding, kind=kind, ahead=AHEAD)
    if ahead.uuid in holding:
        raise NothingLeft("holding")
    ends = timezone.now() + AHEAD
    if ahead.draft is None and ahead.expires_at > ends:  # their own that had run out, or of a kind turned away from
        Assignment.objects.live().filter(pk=ahead.pk, draft=None).update(expires_at=ends)
        ahead.expires_at = ends
    return ahead


def leave(*, person: Person, project: Project, uuids: Collection[UUID]) -> int:
    """The page that had prefetched them was closed: those in which nothing was entered go to others in a moment."""
    unseen = Assignment.objects.live().filter(person=person, project=project, pk__in=uuids, draft__isnull=True)
    return unseen.filter(expires_at__gt=timezone.now() + LEFT).update(expires_at=timezone.now() + LEFT)


def _revive(person: Person, project: Project, kind: str, reason: str) -> Assignment | None:
    """One's own lease that ran out, when its task still has a slot: the same assignment, not a second one."""
    expired = Assignment.objects.filter(person=person, project=project, state=Assignment.State.EXPIRED)
    open_again = expired.filter(task__taken__lt=F("task__overlap"), task__withdrawn_at=None)
    if kind:
        open_again = open_again.filter(task__kind=kind)
    if reason == QUALIFICATION:
        open_again = open_again.filter(task__lane__purpose=QUALIFICATION)
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
    assignment.expires_at = lease_end(assignment.project)
    assignment.save(update_fields=["state", "closed_at", "expires_at"])
    return True


def lease_end(project: Project) -> datetime:
    return timezone.now() + timedelta(minutes=project.lease_minutes)


def hand_over(*, task: Task, person: Person, shown: list[int], since: datetime) -> Assignment:
    """A lease of a task that was made for this person and never stood in the queue; at work on it `since` then.

    The task must be new, or the caller's transaction its only writer: the slot comes with its own overlap.
    """
    facts = {"project_id": task.project_id, "shown": shown, "leased_at": since, "expires_at": lease_end(task.project)}
    assignment, given = Assignment.objects.get_or_create(task=task, person=person, defaults=facts)
    if given:
        room = Greatest(F("overlap"), F("taken") + 1)
        Task.objects.filter(pk=task.pk).update(taken=F("taken") + 1, overlap=room)
    return assignment


def renew(assignment: Assignment) -> Assignment:
    """Somebody is at work on it: the lease starts anew, unless it is over already."""
    ends = lease_end(assignment.project)
    if Assignment.objects.live().filter(pk=assignment.pk).update(expires_at=ends):
        assignment.expires_at = ends
    return assignment


def save_draft(*, assignment: Assignment, draft: dict[str, object]) -> bool:
    """Keep the unfinished form and renew the lease; False when the task is already judged or given back."""
    ends = lease_end(assignment.project)
    open_states = [Assignment.State.LEASED, Assignment.State.EXPIRED]
    kept = Assignment.objects.filter(pk=assignment.pk, state__in=open_states).update(draft=draft)
    Assignment.objects.live().filter(pk=assignment.pk).update(expires_at=ends)
    return bool(kept)


@transaction.atomic
def skip(*, assignment: Assignment, reason: str = "") -> bool:
    """Give a task back; it is never offered to this person again. False when it was no longer in work."""
    if not take_back([assignment.pk], Assignment.State.SKIPPED, reason=reason[:500]):
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
    return take_back(list(held.values_list("pk", flat=True)), Assignment.State.EXPIRED)


def take_up(assignment: Assignment) -> bool:
    """The person begins with a task that was leased ahead: the whole lease time from now on.

    False when the lease ran out unseen and others have taken the task, or it is closed.
    """
    ends = lease_end(assignment.project)
    if Assignment.objects.live().filter(pk=assignment.pk).update(expires_at=ends):
        return True
    with transaction.atomic():
        locked = Assignment.objects.select_related("project").select_for_update(of=("self",)).get(pk=assignment.pk)
        if locked.state == Assignment.State.EXPIRED:
            return retake(locked)
        return locked.state == Assignment.State.LEASED and bool(renew(locked))


def is_theirs(*, person: Person, project: Project, uuid: UUID) -> bool:
    """Take up what a page shows to the person; True also where they have judged it meanwhile."""
    own = Assignment.objects.filter(person=person, project=project, pk=uuid)
    if own.live().update(expires_at=lease_end(project)):
        return True
    shown = own.first()
    # Looked at last: a submit may land in between.
    return shown is not None and (take_up(shown) or own.filter(state=Assignment.State.JUDGED).exists())


@transaction.atomic
def revoke(*, assignment: Assignment) -> bool:
    """Take a task away from somebody (they left the project, or a manager says so)."""
    return bool(take_back([assignment.pk], Assignment.State.REVOKED))


def expire_overdue(limit: int = 1000) -> int:
    """Give back the slots of leases that ran out; answers how many. Called by beat."""
    with transaction.atomic():
        overdue = Assignment.objects.overdue().select_for_update(skip_locked=True, of=("self",))
        return take_back(list(overdue.values_list("pk", flat=True)[:limit]), Assignment.State.EXPIRED)
