"""Dynamic overlap: a task whose judges disagree gets another judge, up to the project's most, then goes to review."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from django.db import transaction
from django.utils import timezone

from annotation import questions
from annotation.models import Lane, Project, Ranking, Task
from annotation.models.task import NextQueueNumber
from annotation.quality.said import Ranks, concord, pairs, relation


def is_dynamic(project: Project) -> bool:
    return project.max_overlap is not None


@transaction.atomic
def settle(task_id: int) -> None:
    """See whether the task has enough judges who agree, now that one has spoken or taken their word back.

    One more slot at a time, at the lane's end, before everybody's position. Nothing is decided while somebody is
    still to judge, nor once a reviewer has ruled.
    """
    task = Task.objects.select_for_update(of=("self",)).select_related("project", "lane").get(pk=task_id)
    if task.lane.purpose != Lane.Purpose.WORK or task.withdrawn_at or task.reviews.exists():
        return
    wanted: dict[str, Any] = {}
    if task.judged < task.overlap or _agree(task):
        wanted = {"review_wanted_at": None}
    elif task.overlap < (task.project.max_overlap or 0):
        wanted = {"overlap": task.overlap + 1, "queue_number": NextQueueNumber()}
    else:
        wanted = {"review_wanted_at": task.review_wanted_at or timezone.now()}
    Task.objects.filter(pk=task.pk).update(**wanted)


def _agree(task: Task) -> bool:
    share = agreement(orders_of(task))
    return share is None or share >= task.project.agreement_floor


def orders_of(task: Task) -> list[Ranks]:
    """Each judge's current order by the project's main criterion."""
    said = Ranking.objects.filter(
        judgement__task=task, judgement__is_current=True, criterion=questions.criterion(task.project)
    )
    return [dict(zip(ranking.sample_ids, ranking.ranks, strict=True)) for ranking in said]


def agreement(orders: Sequence[Ranks]) -> float | None:
    """The share, 0 to 1, of pairs of answers that two judges order alike, over all pairs of judges.

    A tie against an order counts half; pairs that one of the two left unranked count nothing. None where there are
    none: one judge agrees with nobody, and disagrees with nobody.
    """
    found = [
        concord(mine, theirs)
        for one, other in combinations(orders, 2)
        for first, second in pairs(sorted(one.keys() & other.keys()))
        if (mine := relation(one, first, second)) is not None and (theirs := relation(other, first, second)) is not None
    ]
    return sum(found) / len(found) if found else None
