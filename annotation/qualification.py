"""The qualification round: some gold tasks, each explained once it is judged, before a newcomer's real work.

Rounds are settled when somebody looks (`standing`): by the queue before it hands out a task, and by the pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from annotation import questions
from annotation.assignment import revoke
from annotation.models import (
    Assignment,
    Gold,
    Judgement,
    Lane,
    Membership,
    Person,
    Project,
    QualificationRound,
    Task,
)
from annotation.models.audit import record
from annotation.quality.gold import score


@dataclass(frozen=True)
class Result:
    """One judged task of a round: its share of right pairs, 0 to 1."""

    judgement: Judgement
    gold: Gold
    score: float


@dataclass(frozen=True)
class Standing:
    """Where somebody is with the qualification."""

    round: QualificationRound | None
    """The open one, or else the last."""
    results: Sequence[Result]
    """Of that round, in the order in which they were judged."""
    tries_left: int
    qualified: bool
    tasks_left: int
    """Tasks of the qualification that this person has not met yet."""

    @property
    def is_open(self) -> bool:
        return self.round is not None and self.round.ended_at is None

    @property
    def failed(self) -> bool:
        return not self.qualified and self.round is not None and self.round.passed is False

    @property
    def may_try(self) -> bool:
        return not self.qualified and not self.is_open and self.tries_left > 0 and self.tasks_left > 0


def needed(project: Project, member: Membership) -> bool:
    """Whether this member has to pass before they get real work: who reviews or manages does not."""
    return member.must_qualify(project)


def standing(project: Project, person: Person) -> Standing:
    """How far the person is; a round whose tasks are all judged is settled first."""
    member = Membership.objects.filter(project=project, person=person).first()
    rounds = list(QualificationRound.objects.filter(project=project, person=person))
    last = rounds[-1] if rounds else None
    results = results_of(last) if last else []
    if last and last.ended_at is None and len(results) >= last.wanted:
        _settle(last, results)
        member = Membership.objects.filter(project=project, person=person).first()
    return Standing(
        round=last,
        results=results,
        tries_left=max(0, project.qualification_tries - len(rounds)),
        qualified=member is not None and not needed(project, member),
        tasks_left=tasks_left(project, person),
    )


def tasks_left(project: Project, person: Person) -> int:
    tasks = Task.objects.filter(
        project=project, lane__purpose=Lane.Purpose.QUALIFICATION, withdrawn_at=None, gold__isnull=False
    )
    return tasks.exclude(author_ids__contains=[person.pk]).exclude(assignments__person=person).count()


def results_of(round_: QualificationRound) -> list[Result]:
    """What was judged in the round, as it was said first: afterwards the person knows the answer."""
    said = Judgement.objects.filter(
        project_id=round_.project_id,
        person_id=round_.person_id,
        revision=1,
        created_at__gte=round_.started_at,
        task__lane__purpose=Lane.Purpose.QUALIFICATION,
        task__gold__isnull=False,
    )
    if round_.ended_at:
        said = said.filter(created_at__lte=round_.ended_at)
    found = said.select_related("task__gold", "assignment", "prompt").prefetch_related("rankings").order_by("id")
    return [result_of(judgement, round_.project) for judgement in found]


def result_of(judgement: Judgement, project: Project) -> Result:
    gold: Gold = judgement.task.gold
    right = dict(zip(gold.sample_ids, gold.ranks, strict=True))
    main = questions.criterion(project)
    orders = {r.criterion: dict(zip(r.sample_ids, r.ranks, strict=True)) for r in judgement.rankings.all()}
    return Result(judgement, gold, score(right, orders.get(main, {})) or 0.0)


@transaction.atomic
def begin(*, project: Project, person: Person) -> QualificationRound | None:
    """The person's open round, or a new one; None where they need none, or have used their tries up."""
    member = Membership.objects.select_for_update().filter(project=project, person=person).first()
    if member is None or not needed(project, member):
        return None
    rounds = QualificationRound.objects.filter(project=project, person=person)
    if current := rounds.filter(ended_at=None).first():
        return current
    number = rounds.count() + 1
    wanted = min(project.qualification_tasks, tasks_left(project, person))
    if number > project.qualification_tries or not wanted:
        return None
    facts = {"number": number, "wanted": wanted, "pass_share": project.qualification_pass}
    return QualificationRound.objects.create(project=project, person=person, **facts)


@transaction.atomic
def _settle(round_: QualificationRound, results: Sequence[Result]) -> None:
    mean = sum(result.score for result in results) / len(results)
    passed = mean >= round_.pass_share
    now = timezone.now()
    still_open = QualificationRound.objects.filter(pk=round_.pk, ended_at=None)
    if not still_open.update(ended_at=now, score=mean, passed=passed):
        round_.refresh_from_db()
        return
    round_.ended_at, round_.score, round_.passed = now, mean, passed
    if passed:
        members = Membership.objects.filter(project_id=round_.project_id, person_id=round_.person_id)
        members.update(qualified_at=now)
    verdict = "qualification.passed" if passed else "qualification.failed"
    record(verdict, actor=round_.person, project=round_.project, subject=round_.person.username, score=round(mean, 4))


@transaction.atomic
def admit(*, project: Project, person: Person, by: Person) -> bool:
    """A manager says that somebody is qualified, whatever the round says."""
    members = Membership.objects.filter(project=project, person=person, qualified_at=None)
    if not members.update(qualified_at=timezone.now()):
        return False
    _end_open(project, person, passed=True)
    record("qualification.admit", actor=by, project=project, subject=person.username)
    return True


@transaction.atomic
def ask_again(*, project: Project, person: Person, by: Person) -> None:
    """Somebody has to qualify (again): their tries count anew; tasks that they have met are not given again."""
    Membership.objects.filter(project=project, person=person).update(qualified_at=None)
    QualificationRound.objects.filter(project=project, person=person).delete()
    held = Assignment.objects.live().filter(project=project, person=person)
    for assignment in held.exclude(task__lane__purpose=Lane.Purpose.QUALIFICATION):
        revoke(assignment=assignment)
    record("qualification.ask_again", actor=by, project=project, subject=person.username)


def _end_open(project: Project, person: Person, *, passed: bool) -> None:
    rounds = QualificationRound.objects.filter(project=project, person=person, ended_at=None)
    rounds.update(ended_at=timezone.now(), passed=passed)
