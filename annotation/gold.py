"""Tasks whose right order is known: made, changed, given up. The one place that writes `Gold`.

A gold task leaves the work and lies in a lane of its own (`Lane.purpose`): everybody may get it once, mixed in unseen
or in the qualification round, and what is said of it stays out of datasets and training.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.contrib.postgres.functions import TransactionNow
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from annotation import questions
from annotation.intake.formats import FORMATS
from annotation.intake.outcome import Taken
from annotation.intake.rows import BadRow, ComparisonRow
from annotation.intake.taking import take_comparisons
from annotation.judging import arrays
from annotation.models import Gold, Judgement, Lane, Person, Project, Task
from annotation.models.audit import record
from annotation.models.task import NextQueueNumber, TaskKind

EVERYBODY = 30_000  # the overlap of a gold task: nobody gets it twice anyway
PURPOSES = (Lane.Purpose.GOLD, Lane.Purpose.QUALIFICATION)
FILES = tuple(name for name, form in FORMATS.items() if form.kind == "comparisons")
LONGEST_EXPLANATION = 5_000
KEY = "gold"  # the name under which a file's orders come in

Rows = Iterable[tuple[int, ComparisonRow] | BadRow]
Groups = Sequence[Sequence[int]]


class NotGold(ValueError):
    """This cannot be gold; the message is a sentence for the person who asked."""


@transaction.atomic
def make(
    *, task: Task, groups: Groups, by: Person, explanation: str = "", purpose: str = Lane.Purpose.GOLD
) -> tuple[Gold, bool]:
    """Make `task` gold, or change the order, explanation or purpose of one that is; and whether it was made.

    `groups`: all of the task's samples, best first, a group is a tie. Raises `NotGold`.
    """
    check(task, groups, purpose)
    locked = Task.objects.select_for_update().select_related("lane", "project").get(pk=task.pk)
    order = {**arrays(groups), "explanation": explanation}
    new = {**order, "created_by": by, "created_at": TransactionNow()}  # by the clock that judgements are dated by
    gold, made = Gold.objects.update_or_create(task=locked, defaults=order, create_defaults=new)
    _move(locked, purpose, Greatest(F("overlap"), EVERYBODY))
    record("gold.make" if made else "gold.change", actor=by, project=locked.project, subject=locked.pk, purpose=purpose)
    gold.refresh_from_db()
    return gold, made


def check(task: Task, groups: Groups, purpose: str = Lane.Purpose.GOLD) -> None:
    if task.kind != TaskKind.RANK:
        raise NotGold(_("Only a task that ranks answers can be gold."))
    if task.withdrawn_at:
        raise NotGold(_("This task was withdrawn: it is given to nobody any more."))
    if sorted(sample for group in groups for sample in group) != sorted(task.sample_ids):
        raise NotGold(_("Give each answer of the task one rank."))
    if len([group for group in groups if group]) < 2:
        raise NotGold(_("At least one answer must be better than another: a tie of all of them tests nothing."))
    if purpose not in PURPOSES:
        raise NotGold(_("The purpose is one of %(known)s.") % {"known": ", ".join(PURPOSES)})


@transaction.atomic
def give_up(*, gold: Gold, by: Person) -> None:
    """No longer gold: the task is work again, and what was said of it counts as everything else."""
    task = Task.objects.select_for_update().select_related("lane", "project").get(pk=gold.task_id)
    Gold.objects.filter(pk=gold.pk).delete()
    _move(task, Lane.Purpose.WORK, Greatest(F("taken"), task.project.overlap))
    record("gold.give_up", actor=by, project=task.project, subject=task.pk)


def _move(task: Task, purpose: str, overlap: Any) -> None:
    """Into the lane of that purpose for the same people, at its end."""
    now = task.lane
    lane, _ = Lane.objects.get_or_create(
        project_id=task.project_id, kind=now.kind, language=now.language, cohort=now.cohort, purpose=purpose
    )
    if lane != now or purpose == Lane.Purpose.WORK:
        Task.objects.filter(pk=task.pk).update(
            lane=lane, overlap=overlap, queue_number=NextQueueNumber(), review_wanted_at=None
        )


def of(project: Project) -> QuerySet[Gold]:
    return Gold.objects.filter(task__project=project).select_related("task__lane", "task__prompt", "created_by")


def take(
    *, project: Project, rows: Rows, by: Person, explanations: Mapping[int, str], purpose: str = Lane.Purpose.GOLD
) -> tuple[Taken, int]:
    """Gold from a file of rankings, all of it or nothing (promise 7); and how many tasks became gold.

    Rows are as `take_comparisons` takes them; `explanations` by line. A row whose answers all tie is refused.
    """
    words: dict[str, str] = {}
    with transaction.atomic():
        taken = take_comparisons(project=project, rows=_signed(rows, explanations, words), by=by)
        made = 0 if taken.errors else _make_all(project, by, words, purpose)
    return taken, made


def _signed(rows: Rows, explanations: Mapping[int, str], words: dict[str, str]) -> Rows:
    """The rows as said by `gold`; by prompt, `words` gets what explains them."""
    for item in rows:
        if isinstance(item, BadRow):
            yield item
            continue
        line, row = item
        if len(set(row.ranks)) < 2:
            yield BadRow(line, _("All answers tie: a gold row needs at least one that is better than another."))
            continue
        words[row.prompt.content_hash] = explanations.get(line, "")
        yield line, replace(row, annotator=KEY)


def _make_all(project: Project, by: Person, words: Mapping[str, str], purpose: str) -> int:
    """Gold of each order that was just taken in; as a judgement it has done its duty."""
    main = questions.criterion(project)
    said = Judgement.objects.filter(
        project=project, person__origin=Person.Origin.IMPORTED, person__username=f"{project.slug}:{KEY}"
    )
    new = said.filter(task__gold=None, task__withdrawn_at=None).select_related("task", "prompt")
    made = 0
    for judgement in new.prefetch_related("rankings"):
        for ranking in [each for each in judgement.rankings.all() if each.criterion == main]:
            explanation = words.get(judgement.prompt.content_hash, "")
            make(task=judgement.task, groups=ranking.groups, by=by, explanation=explanation, purpose=purpose)
            made += 1
    Task.objects.filter(pk__in=said.values("task_id")).update(taken=F("taken") - 1, judged=F("judged") - 1)
    said.delete()
    return made
