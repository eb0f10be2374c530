"""Undo: one's last word is taken back, and the same task is in work again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation import assignment as leases
from annotation import judging
from annotation.models import Assignment, Judgement, Person, Project, Task, WorkDay
from annotation.undoing import undo

Fill = Callable[[int], None]


def judged(project: Project, person: Person, **more: object) -> Assignment:
    given = leases.lease_next(person=person, project=project)
    say(given, given.shown, **more)
    return Assignment.objects.get(pk=given.pk)


def say(given: Assignment, order: list[int], **more: object) -> Judgement:
    verdict = judging.Verdict(judging.overall([[sample] for sample in order]), **more)  # type: ignore[arg-type]
    return judging.submit(assignment=given, verdict=verdict)


def test_it_works(project: Project, annotator: Person, second_annotator: Person, fill: Fill) -> None:
    fill(1)
    given = judged(project, annotator, seconds=4.0)
    withdrawn = undo(assignment=given, draft={"rank-1": "2"})
    assert (given.state, given.draft) == (Assignment.State.LEASED, {"rank-1": "2"})
    assert not Judgement.objects.current().exists()
    assert WorkDay.objects.get(person=annotator).judgements == WorkDay.objects.get(person=annotator).seconds == 0
    assert Task.objects.filter(taken=1, judged=0).exists(), "the slot stays theirs"
    assert leases.lease_next(person=annotator, project=project) == given
    with pytest.raises(leases.NothingLeft):
        leases.lease_next(person=second_annotator, project=project)
    again = say(given, given.shown[::-1])
    assert (withdrawn.revision, again.revision) == (1, 2)
    assert Judgement.objects.current().get() == again
    assert WorkDay.objects.get(person=annotator).judgements == 1


def test_only_the_last_word(project: Project, annotator: Person, fill: Fill) -> None:
    fill(2)
    first, last = judged(project, annotator), judged(project, annotator)
    with pytest.raises(judging.NoLongerOpen, match="last"):
        undo(assignment=first)
    undo(assignment=last)
    with pytest.raises(judging.NoLongerOpen, match="no judgement"):
        undo(assignment=last)
    undo(assignment=first)


def test_a_revision_is_undone_with_what_it_revised(project: Project, annotator: Person, fill: Fill) -> None:
    fill(1)
    given = judged(project, annotator, seconds=4.0)
    say(given, given.shown[::-1], seconds=9.0)
    undo(assignment=given)
    assert WorkDay.objects.get(person=annotator).seconds == 0
    assert say(given, given.shown).revision == 3


def test_not_once_the_round_is_over(project: Project, annotator: Person, fill: Fill) -> None:
    fill(1)
    given = judged(project, annotator)
    Task.objects.update(withdrawn_at=timezone.now())
    with pytest.raises(judging.NoLongerOpen, match="over"):
        undo(assignment=given)
    Task.objects.update(withdrawn_at=None)
    Project.objects.update(archived_at=timezone.now())
    with pytest.raises(judging.NoLongerOpen, match="over"):
        undo(assignment=given)


def test_an_undone_task_that_lies_about_goes_to_others(
    project: Project, annotator: Person, second_annotator: Person, fill: Fill
) -> None:
    fill(1)
    given = judged(project, annotator)
    undo(assignment=given)
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    leases.expire_overdue()
    assert leases.lease_next(person=second_annotator, project=project).task_id == given.task_id
