"""What a person is told of their own work: their pace, and how often others agree with them."""

from collections.abc import Iterator
from statistics import fmean, median

from annotation import questions
from annotation.models import Judgement, Person, Project, Ranking, Task
from annotation.quality.agreement import compare
from annotation.quality.said import Ranks

LAST = 100  # judgements that count: how one works now, not how one began
ENOUGH = 10  # tasks that others judged too; from fewer one could tell what a single colleague said


def pace(person: Person, project: Project) -> float | None:
    """Median seconds of one's last judgements; None before the first."""
    newest = Judgement.objects.current().filter(person=person, project=project).order_by("-id")
    spent = [seconds for seconds in newest.values_list("seconds", flat=True)[:LAST] if seconds is not None]
    return median(spent) if spent else None


def agreement(person: Person, project: Project) -> float | None:
    """Share of pairs (0…1) that others ordered as this person did, over the last tasks that they judged as well.

    None where the project does not show it, or where it would rest on fewer than `ENOUGH` tasks. Only tasks that the
    person has judged enter: nobody learns of others' judgements before their own is in (promise 4).
    """
    if not project.show_agreement:
        return None
    newest = Judgement.objects.current().filter(person=person, project=project).order_by("-id")
    judged = list(newest.values_list("task_id", flat=True)[: LAST * 4])
    shared = Task.objects.filter(pk__in=judged, judged__gt=1, gold__isnull=True)
    tasks = list(shared.order_by("-id").values_list("pk", flat=True)[:LAST])
    shares = [share for orders in _orders(tasks, project) if (share := _share(orders, person)) is not None]
    return fmean(shares) if len(shares) >= ENOUGH else None


def _orders(tasks: list[int], project: Project) -> Iterator[dict[int, Ranks]]:
    """By task: person → their order by the project's main criterion."""
    rankings = Ranking.objects.filter(
        judgement__task__in=tasks, judgement__is_current=True, criterion=questions.criterion(project)
    )
    by_task: dict[int, dict[int, Ranks]] = {task: {} for task in tasks}
    facts = ("judgement__task_id", "judgement__person_id", "sample_ids", "ranks")
    for task, person, samples, ranks in rankings.values_list(*facts):
        by_task[task][person] = dict(zip(samples, ranks, strict=True))
    yield from by_task.values()


def _share(orders: dict[int, Ranks], person: Person) -> float | None:
    if person.pk not in orders or len(orders) < 2:
        return None
    return compare(orders).by_person.get(person.pk)
