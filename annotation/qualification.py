"""The qualification round: some gold tasks, each explained once it is judged, before a newcomer's real work.

Rounds are settled when somebody looks (`standing`): by the queue before it hands out a task, and by the pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import DateTimeField, Func
from django.utils import timezone

from annotation import questions
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
from annotation.queue import take_back


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
    """How far the person is; a round that is over is settled first."""
    member = Membership.objects.filter(project=project, person=person).first()
    rounds = list(QualificationRound.objects.filter(project=project, person=person))
    last, left = (rounds[-1] if rounds else None), tasks_left(project, member) if member else 0
    results = results_of(last) if last else []
    if last and last.ended_at is None and _is_over(last, results, left):
        _settle(last, results)
        member = Membership.objects.filter(project=project, person=person).first()
    return Standing(
        round=last,
        results=results,
        tries_left=max(0, project.qualification_tries - len(rounds)),
        qualified=member is not None and not needed(project, member),
        tasks_left=left,
    )


def _is_over(round_: QualificationRound, results: Sequence[Result], left: int) -> bool:
    """All is judged; or the person skipped so much that there is nothing left to give them."""
    if len(results) >= round_.wanted:
        return True
    open_states = (Assignment.State.LEASED, Assignment.State.EXPIRED)
    begun = Assignment.objects.filter(project_id=round_.project_id, person_id=round_.person_id, state__in=open_states)
    return left == 0 and not begun.filter(task__lane__purpose=Lane.Purpose.QUALIFICATION).exists()


def go_on(project: Project, person: Person) -> bool:
    """For clients without pages: settle what is over, begin what may begin; whether there may be a task now."""
    now = standing(project, person)
    return now.qualified or (now.may_try and begin(project=project, person=person) is not None)


def explains(assignment: Assignment) -> bool:
    """Whether what is right is told once the assignment is judged."""
    if not assignment.project.qualification_tasks:
        return False
    return bool(assignment.task.lane.purpose == Lane.Purpose.QUALIFICATION)


def tasks_left(project: Project, member: Membership) -> int:
    """Qualification tasks within a member's reach that they have not met yet."""
    tasks = Task.objects.filter(
        project=project, lane__purpose=Lane.Purpose.QUALIFICATION, withdrawn_at=None, gold__isnull=False
    )
    unmet = tasks.exclude(author_ids__contains=[member.person_id]).exclude(assignments__person=member.person_id)
    found = unmet.values_list("lane__language", "lane__cohort")
    return sum(member.reaches(language, cohort) for language, cohort in found)


def results_of(round_: QualificationRound) -> list[Result]:
    """What was judged in the round, as it was said first: afterwards the person knows the answer.

    By the database's clock alone, on which both the round's beginning and the leases are.
    """
    said = Judgement.objects.filter(
        project_id=round_.project_id,
        person_id=round_.person_id,
        revision=1,
        assignment__leased_at__gte=round_.started_at,
        task__lane__purpose=Lane.Purpose.QUALIFICATION,
        task__gold__isnull=False,
    )
    found = said.select_related("task__gold", "assignment", "prompt").prefetch_related("rankings").order_by("id")
    return [result_of(judgement, round_.project) for judgement in found[: round_.wanted]]


def result_of(judgement: Judgement, project: Project) -> Result:
    gold: Gold = judgement.task.gold
    right = dict(zip(gold.sample_ids, gold.ranks, strict=True))
    main = questions.criterion(project)
    orders = {r.criterion: dict(zip(r.sample_ids, r.ranks, strict=True)) for r in judgement.rankings.all()}
    return Result(judgement, gold, score(right, orders.get(main, {})) or 0.0)


class _Clock(Func):
    """The database's clock, not the beginning of its transaction."""

    function = "clock_timestamp"
    output_field = DateTimeField()


@transaction.atomic
def begin(*, project: Project, person: Person) -> QualificationRound | None:
    """The person's open round, or a new one; None where they need none, or have used their tries up."""
    standing(project, person)
    member = Membership.objects.select_for_update().filter(project=project, person=person).first()
    if member is None or not needed(project, member):
        return None
    rounds = QualificationRound.objects.filter(project=project, person=person)
    if current := rounds.filter(ended_at=None).first():
        return current
    number = rounds.count() + 1
    wanted = min(project.qualification_tasks, tasks_left(project, member))
    if number > project.qualification_tries or not wanted:
        return None
    facts = {"number": number, "wanted": wanted, "pass_share": project.qualification_pass}
    begun = QualificationRound.objects.create(project=project, person=person, started_at=_Clock(), **facts)
    begun.refresh_from_db()
    return begun


@transaction.atomic
def _settle(round_: QualificationRound, results: Sequence[Result]) -> None:
    mean = sum(result.score for result in results) / max(round_.wanted, len(results))  # what was skipped is not right
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
    take_back(list(held.values_list("pk", flat=True)), Assignment.State.REVOKED)
    record("qualification.ask_again", actor=by, project=project, subject=person.username)


def _end_open(project: Project, person: Person, *, passed: bool) -> None:
    rounds = QualificationRound.objects.filter(project=project, person=person, ended_at=None)
    rounds.update(ended_at=timezone.now(), passed=passed)
