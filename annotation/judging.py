"""The one place that writes a judgement. Promise 1: what was acknowledged stays; sending it again changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Protocol, Self

from django.db import connection, transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from annotation import assignment as leases
from annotation import overlap, plain, questions
from annotation.checking import NotAcceptable, check
from annotation.models import Assignment, Judgement, Project, Ranking, Task
from annotation.models.audit import record
from annotation.models.judgement import OVERALL
from annotation.models.task import TaskKind

MAX_SECONDS = 24 * 3600.0


class NoLongerOpen(Exception):
    """The task was given back, taken away or withdrawn: there is nothing left to judge."""


class Said(Protocol):
    """What a person says of a task. Each kind of task has a class of its own: `Verdict` for ranking, and writing.py's.

    Slots, leases, revisions and the day's count are accounted for here, the same for all; what is said is the kind's.
    """

    kinds: ClassVar[tuple[str, ...]]

    @property
    def seconds(self) -> float | None: ...

    def checked(self, assignment: Assignment) -> Self:
        """Itself as it is to be stored. Raises `NotAcceptable` where it does not fit the task."""
        ...

    def same(self, judgement: Judgement) -> bool:
        """Whether the judgement says just this, so that nothing is to be written."""
        ...

    def write(self, judgement: Judgement, before: Judgement | None) -> None:
        """Fill in and save a judgement that has its columns of accounting, and what belongs to it.

        `before` is what the person said until now, where this is a revision.
        """
        ...


@dataclass(frozen=True)
class Verdict:
    """What a person says of ranked answers. `rankings`: criterion → groups of sample ids, best first; a group is a tie.

    `ratings`, `flags` and `categories` are by sample id as text; a category holds its severity, "" where none is asked.
    """

    kinds: ClassVar[tuple[str, ...]] = (TaskKind.RANK,)

    rankings: dict[str, list[list[int]]]
    strength: int | None = None
    ratings: dict[str, dict[str, float]] = field(default_factory=dict)
    flags: dict[str, dict[str, bool]] = field(default_factory=dict)
    categories: dict[str, dict[str, str]] = field(default_factory=dict)
    all_bad: bool = False
    comment: str = ""
    edited_text: str = ""
    seconds: float | None = None

    def facts(self) -> dict[str, Any]:
        """All of it but the order and the clock: what makes two verdicts the same."""
        return {name: getattr(self, name) for name in FACTS}

    def checked(self, assignment: Assignment) -> "Verdict":
        """A ranking by `overall` is one by the project's main criterion."""
        verdict = _in_the_projects_words(self, assignment.project)
        check(verdict, assignment)
        return verdict

    def same(self, judgement: Judgement) -> bool:
        stored = {r.criterion: {"sample_ids": r.sample_ids, "ranks": r.ranks} for r in judgement.rankings.all()}
        sent = {criterion: arrays(groups) for criterion, groups in self.rankings.items()}
        return stored == sent and all(getattr(judgement, name) == value for name, value in self.facts().items())

    def write(self, judgement: Judgement, before: Judgement | None) -> None:
        for name, value in self.facts().items():
            setattr(judgement, name, value)
        judgement.save(force_insert=True)
        Ranking.objects.bulk_create(
            Ranking(judgement=judgement, criterion=criterion, **arrays(groups))
            for criterion, groups in self.rankings.items()
        )


FACTS = tuple(each.name for each in fields(Verdict) if each.name not in {"rankings", "seconds"})


def submit(*, assignment: Assignment, verdict: Said, source: str = Judgement.Source.BROWSER) -> Judgement:
    """Write the person's judgement of their task, or a revision of it; the same verdict again writes nothing.

    Raises `NotAcceptable` and `NoLongerOpen`.
    """
    if assignment.task.kind not in verdict.kinds:
        words = _("This task is another kind of work: %(kind)s.")
        raise NotAcceptable(words % {"kind": assignment.task.kind}, "kind")
    verdict = verdict.checked(assignment)
    if not overlap.is_dynamic(assignment.project):
        return _submitted(assignment, verdict, source)
    with transaction.atomic():
        judgement = _submitted(assignment, verdict, source)
        overlap.settle(assignment.task_id)
    return judgement


def _submitted(assignment: Assignment, verdict: Said, source: str) -> Judgement:
    if isinstance(verdict, Verdict) and (judgement := _plainly(assignment, verdict, source)):
        return judgement
    with transaction.atomic():
        locked = (
            Assignment.objects.select_for_update(of=("self",)).select_related("project", "task").get(pk=assignment.pk)
        )
        current = Judgement.objects.current().filter(task_id=locked.task_id, person_id=locked.person_id).first()
        if current is None:
            return _first(locked, verdict, source)
        if verdict.same(current):
            return current
        return _revision(locked, current, verdict, source)


def _plainly(assignment: Assignment, verdict: Verdict, source: str) -> Judgement | None:
    """One statement for what nearly always is so: a first word on a live lease."""
    judgement = _new(assignment, verdict, source)
    for name, value in verdict.facts().items():
        setattr(judgement, name, value)
    rankings = [{"criterion": criterion, **arrays(groups)} for criterion, groups in verdict.rankings.items()]
    return judgement if plain.write(judgement, rankings) else None


def _in_the_projects_words(verdict: Verdict, project: Project) -> Verdict:
    named = {questions.criterion(project, criterion): groups for criterion, groups in verdict.rankings.items()}
    if len(named) < len(verdict.rankings):
        words = _("In this project %(overall)s and %(main)s are the same order: send one of them.")
        raise NotAcceptable(words % {"overall": OVERALL, "main": questions.criterion(project)})
    return replace(verdict, rankings=named)


def _first(assignment: Assignment, verdict: Said, source: str) -> Judgement:
    _hold_slot(assignment)
    said = Judgement.objects.filter(task_id=assignment.task_id, person_id=assignment.person_id)
    revision = said.aggregate(last=Max("revision"))["last"] or 0  # what was undone keeps its number
    judgement = _write(assignment, verdict, source, revision=revision + 1)
    Assignment.objects.filter(pk=assignment.pk).update(
        state=Assignment.State.JUDGED, closed_at=judgement.created_at, draft=None
    )
    Task.objects.filter(pk=assignment.task_id).update(judged=F("judged") + 1)
    _count(assignment, verdict)
    return judgement


def _hold_slot(assignment: Assignment) -> None:
    """Make sure that the judgement has a slot, also when its lease ran out while the person was at work.

    Work that was done is never thrown away: where somebody else holds the slot by now, this one task's overlap
    grows by one, and the audit log says so (ADR 4).
    """
    if assignment.state == Assignment.State.LEASED:
        return
    if assignment.state != Assignment.State.EXPIRED:
        words = _("This task is %(state)s: it can no longer be judged.")
        raise NoLongerOpen(words % {"state": assignment.get_state_display().lower()})
    if leases.retake(assignment):
        return
    if not Task.objects.filter(pk=assignment.task_id, withdrawn_at=None).update(
        overlap=F("overlap") + 1, taken=F("taken") + 1
    ):
        raise NoLongerOpen(_("This task was withdrawn: it can no longer be judged."))
    record("task.overlap_raised", actor=assignment.person, project=assignment.project, subject=assignment.task_id)


def _new(assignment: Assignment, verdict: Said, source: str) -> Judgement:
    return Judgement(
        assignment=assignment,
        project_id=assignment.project_id,
        task_id=assignment.task_id,
        person_id=assignment.person_id,
        source=source,
        seconds=None if verdict.seconds is None else min(max(verdict.seconds, 0.0), MAX_SECONDS),
    )


def _write(
    assignment: Assignment, verdict: Said, source: str, revision: int, before: Judgement | None = None
) -> Judgement:
    judgement = _new(assignment, verdict, source)
    judgement.revision = revision
    if assignment.task.prompt_id:  # else the prompt is what was written
        judgement.prompt_id = assignment.task.prompt_id
    verdict.write(judgement, before)
    return judgement


def arrays(groups: Sequence[Sequence[int]]) -> dict[str, list[int]]:
    """Best-first groups → `sample_ids` (ascending) and their dense `ranks`, the form in which rankings are stored."""
    ranks = {sample_id: rank for rank, group in enumerate(g for g in groups if g) for sample_id in group}
    return {"sample_ids": sorted(ranks), "ranks": [ranks[s] for s in sorted(ranks)]}


def _revision(assignment: Assignment, current: Judgement, verdict: Said, source: str) -> Judgement:
    if assignment.project.archived_at:
        raise NoLongerOpen(_("The round is over: this judgement can no longer be changed."))
    Judgement.objects.filter(pk=current.pk).update(is_current=False)
    return _write(assignment, verdict, source, revision=current.revision + 1, before=current)


# One statement, so that the day's count and the judgement commit together.
COUNT = """
INSERT INTO annotation_workday AS day (project_id, person_id, day, judgements, skips, seconds)
VALUES (%s, %s, %s, 1, 0, %s)
ON CONFLICT (project_id, person_id, day) DO UPDATE
   SET judgements = day.judgements + 1, seconds = day.seconds + excluded.seconds
"""


def _count(assignment: Assignment, verdict: Said) -> None:
    with connection.cursor() as cursor:
        seconds = min(max(verdict.seconds or 0.0, 0.0), MAX_SECONDS)
        cursor.execute(COUNT, [assignment.project_id, assignment.person_id, leases.today(), seconds])


def overall(groups: list[list[int]]) -> dict[str, list[list[int]]]:
    return {OVERALL: groups}
