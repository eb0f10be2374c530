"""Named groups of a project's people, for whom tasks can be kept."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, F

from annotation.models import Lane, Membership, Person, Project, Task
from annotation.models.audit import record
from annotation.models.task import NextQueueNumber, TaskKind

LONGEST = Lane._meta.get_field("cohort").max_length


@dataclass(frozen=True)
class Cohort:
    """`open_tasks`: work that only its members get, and that still wants somebody."""

    name: str
    members: int
    open_tasks: int


def of(project: Project) -> list[Cohort]:
    """Those that have members or tasks, by name."""
    members: dict[str, int] = {}
    for names in Membership.objects.filter(project=project).exclude(cohorts=[]).values_list("cohorts", flat=True):
        for name in names:
            members[name] = members.get(name, 0) + 1
    lanes = Lane.objects.filter(project=project, purpose=Lane.Purpose.WORK).exclude(cohort="")
    found = dict(lanes.values_list("pk", "cohort"))
    # By the lanes' ids, so that the index of open tasks answers it, and not the table.
    tasks = dict.fromkeys(found.values(), 0)
    wanted = Task.objects.filter(lane__in=list(found), withdrawn_at=None, taken__lt=F("overlap"))
    for lane, number in wanted.values_list("lane").annotate(n=Count("pk")):
        tasks[found[lane]] += number
    return [Cohort(name, members.get(name, 0), tasks.get(name, 0)) for name in sorted({*members, *tasks})]


@transaction.atomic
def keep_tasks(*, project: Project, cohort: str, by: Person, category: str = "", language: str = "") -> int:
    """Keep open ranking tasks for the members of `cohort` (empty: for everybody again); answers how many moved.

    Those of prompts in `category` and `language`, where these are given. Whoever has one in work keeps it.
    """
    labels = {"prompt__category": category, "prompt__language": language}
    wanted = {name: value for name, value in labels.items() if value}
    moved = 0
    lanes = Lane.objects.filter(project=project, kind=TaskKind.RANK, purpose=Lane.Purpose.WORK)
    for lane in lanes.exclude(cohort=cohort):
        facts: dict[str, Any] = {"kind": lane.kind, "language": lane.language, "purpose": lane.purpose}
        tasks = Task.objects.filter(lane=lane, withdrawn_at=None, taken__lt=F("overlap"), **wanted)
        if tasks.exists():
            target, _ = Lane.objects.get_or_create(project=project, cohort=cohort, **facts)
            moved += tasks.update(lane=target, queue_number=NextQueueNumber())
    if moved:
        record("cohort.keep_tasks", actor=by, project=project, subject=cohort, tasks=moved, **wanted)
    return moved
