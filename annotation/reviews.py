"""Adjudication: tasks whose judges disagree go to a reviewer, who rules. The one place that writes `Review`.

A ruling stands beside the judgements, never over them; the newest of a task is the one that holds.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation import questions
from annotation.models import Judgement, Person, Project, Review, Task
from annotation.models.audit import record
from annotation.models.task import NextQueueNumber, TaskKind
from annotation.quality.agreement import compare

# In statements over `task`: its ruling, and whether that discards it.
RULING = "SELECT verdict, orders FROM annotation_review WHERE task_id = task.id ORDER BY id DESC LIMIT 1"
DISCARDED = f"EXISTS (SELECT FROM ({RULING}) ruling WHERE ruling.verdict = 'discarded')"


def overruled(criterion: str) -> str:
    """The reviewer's order by a criterion (an SQL expression) as JSON, best first; NULL where the judgements stand."""
    return f"(SELECT ruling.orders -> {criterion} FROM ({RULING}) ruling WHERE ruling.verdict = 'overruled')::text"


Groups = Sequence[Sequence[int]]
LONGEST_NOTE = 2_000
JUDGES = 30  # of a task that a reviewer sees, the first
MIX = 2654435761  # Knuth's multiplicative hash: an order that tells nothing


class NotARuling(ValueError):
    """The ruling does not fit the task; the message is a sentence for the person who sent it."""


def wanted(project: Project, reviewer: Person | None = None) -> QuerySet[Task]:
    """Tasks that wait for a ruling, the longest first; for a reviewer without those that they judged themselves."""
    found = Task.objects.filter(project=project, review_wanted_at__isnull=False, withdrawn_at=None)
    if reviewer is not None:
        judged = Judgement.objects.current().filter(project=project, person=reviewer)
        found = found.exclude(pk__in=judged.values("task_id"))
    return found.order_by("review_wanted_at", "pk")


def open_to(project: Project, reviewer: Person) -> QuerySet[Task]:
    """Tasks that wait for a ruling, and those that this reviewer ruled on; never one that they judged themselves."""
    judged = Judgement.objects.current().filter(project=project, person=reviewer)
    ruled = Review.objects.filter(task__project=project, reviewer=reviewer)
    tasks = Task.objects.filter(project=project, kind=TaskKind.RANK).select_related("project", "prompt")
    mine_or_waiting = Q(review_wanted_at__isnull=False) | Q(pk__in=ruled.values("task_id"))
    return tasks.filter(mine_or_waiting).exclude(pk__in=judged.values("task_id"))


@dataclass(frozen=True)
class Said:
    """One judge's word on a task; `agreement` with the others by the main criterion, None where there are none."""

    judgement: Judgement
    agreement: float | None


def said_of(task: Task) -> list[Said]:
    """For a reviewer, who is not to know whose they are: in an order that tells nothing of who judged when."""
    current = Judgement.objects.current().filter(task=task).prefetch_related("rankings")
    found = sorted(current[:JUDGES], key=lambda judgement: judgement.pk * MIX % 2**32)
    main = questions.criterion(task.project)
    ranks = {
        judgement.pk: dict(zip(ranking.sample_ids, ranking.ranks, strict=True))
        for judgement in found
        for ranking in judgement.rankings.all()
        if ranking.criterion == main
    }
    shares = compare(ranks).by_person
    return [Said(judgement, shares.get(judgement.pk)) for judgement in found]


@transaction.atomic
def rule(
    *, task: Task, reviewer: Person, verdict: str, orders: Mapping[str, Groups] | None = None, note: str = ""
) -> Review:
    """A reviewer's word on a task, or their changed word. Discarded, nobody gets the task any more.

    `orders`, where they overrule: criterion → all samples of the task, best first, a group is a tie; the main
    criterion at least. Raises `NotARuling`.
    """
    orders = {criterion: [list(group) for group in groups if group] for criterion, groups in (orders or {}).items()}
    check(task, verdict, orders)
    before = ruling_of(task)
    facts = {"verdict": verdict, "orders": orders, "note": note[:LONGEST_NOTE]}
    # The newest ruling is the one that holds: a changed word is a new row.
    Review.objects.filter(task=task, reviewer=reviewer).delete()
    review = Review.objects.create(task=task, reviewer=reviewer, **facts)
    _apply(task, verdict, before)
    record("review.rule", actor=reviewer, project=task.project, subject=task.pk, verdict=verdict, orders=orders)
    return review


def _apply(task: Task, verdict: str, before: Review | None) -> None:
    changes: dict[str, Any] = {"review_wanted_at": None}
    if verdict == Review.Verdict.DISCARDED:
        changes["withdrawn_at"] = timezone.now()
    elif before and before.verdict == Review.Verdict.DISCARDED:
        changes |= {"withdrawn_at": None, "queue_number": NextQueueNumber()}  # it may be open again
    Task.objects.filter(pk=task.pk).update(**changes)


def check(task: Task, verdict: str, orders: Mapping[str, Groups]) -> None:
    if verdict not in Review.Verdict.values:
        raise NotARuling(_("A ruling is one of %(known)s.") % {"known": ", ".join(Review.Verdict.values)})
    if verdict != Review.Verdict.OVERRULED:
        if orders:
            raise NotARuling(_("Only who overrules gives an order of their own."))
        return
    asked = questions.of(task.project).orders
    if asked[0] not in orders:
        raise NotARuling(_("Give your own order of the answers."))
    for criterion, groups in orders.items():
        if criterion not in asked:
            raise NotARuling(_("This project does not rank by %(criterion)s.") % {"criterion": repr(criterion)})
        if sorted(sample for group in groups for sample in group) != sorted(task.sample_ids):
            raise NotARuling(_("Give each answer of the task one rank."))


def ruling_of(task: Task) -> Review | None:
    """The review of a task that holds."""
    return Review.objects.filter(task=task).order_by("-pk").first()


def rulings(task_ids: Collection[int]) -> dict[int, Review]:
    """The review that holds, by task. Datasets honour them: overruled, its order stands for the judgements' consensus;
    discarded, the task is left out."""
    newest = Review.objects.filter(task_id__in=task_ids).order_by("task_id", "-pk").distinct("task_id")
    return {review.task_id: review for review in newest}
