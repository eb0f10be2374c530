"""The qualification round: tries, pass and fail by the project's threshold, and a manager's word over it."""

from collections.abc import Callable

import pytest

from annotation import gold, judging, qualification
from annotation.models import Assignment, AuditEvent, Judgement, Lane, Membership, Person, Project, Role, Task

Fill = Callable[[int], None]


@pytest.fixture
def round_of_two(fill: Fill, project: Project, owner: Person) -> Project:
    """Six qualification tasks of which a try takes two; 70% of the pairs pass; two tries."""
    fill(6)
    for task in project.tasks.all():
        groups = [[sample] for sample in task.sample_ids]
        gold.make(task=task, groups=groups, by=owner, explanation="So it is.", purpose=Lane.Purpose.QUALIFICATION)
    project.qualification_tasks = 2
    project.save()
    return project


def judge(project: Project, person: Person, right: bool) -> Judgement:
    """The next qualification task that they have not met, in the right order or the wrong one."""
    task = Task.objects.filter(lane__purpose=Lane.Purpose.QUALIFICATION).exclude(assignments__person=person)[0]
    ids = task.sample_ids
    given = Assignment.objects.create(
        project=project, task=task, person=person, shown=ids, expires_at="2100-01-01T00:00Z"
    )
    Task.objects.filter(pk=task.pk).update(taken=task.taken + 1)
    groups = [[s] for s in (ids if right else ids[::-1])]
    return judging.submit(assignment=given, verdict=judging.Verdict(judging.overall(groups)))


def test_it_works(round_of_two: Project, annotator: Person) -> None:
    project = round_of_two
    assert not qualification.standing(project, annotator).qualified
    assert qualification.begin(project=project, person=annotator).wanted == 2
    judge(project, annotator, right=True)
    midway = qualification.standing(project, annotator)
    assert (midway.is_open, [result.score for result in midway.results]) == (True, [1.0])
    judge(project, annotator, right=True)
    done = qualification.standing(project, annotator)
    assert (done.qualified, done.round.passed, done.round.score) == (True, True, 1.0)
    assert Membership.objects.get(person=annotator).qualified_at
    assert AuditEvent.objects.filter(action="qualification.passed").count() == 1
    qualification.standing(project, annotator)
    assert AuditEvent.objects.filter(action="qualification.passed").count() == 1


def test_who_fails_may_try_again_and_then_no_more(round_of_two: Project, annotator: Person) -> None:
    project = round_of_two
    for number in (1, 2):
        assert qualification.begin(project=project, person=annotator).number == number
        judge(project, annotator, right=False)
        judge(project, annotator, right=True)
        standing = qualification.standing(project, annotator)
        assert (standing.failed, standing.round.score) == (True, 0.5)
        assert standing.may_try == (number == 1)
    assert qualification.begin(project=project, person=annotator) is None


def test_begun_twice_it_is_one_round(round_of_two: Project, annotator: Person) -> None:
    first = qualification.begin(project=round_of_two, person=annotator)
    assert qualification.begin(project=round_of_two, person=annotator) == first


def test_a_revision_after_the_explanation_counts_nothing(round_of_two: Project, annotator: Person) -> None:
    qualification.begin(project=round_of_two, person=annotator)
    wrong = judge(round_of_two, annotator, right=False)
    right = judging.Verdict(judging.overall([[s] for s in wrong.assignment.shown]))
    judging.submit(assignment=wrong.assignment, verdict=right)
    assert [r.score for r in qualification.standing(round_of_two, annotator).results] == [0]


def test_a_manager_admits_and_asks_again(round_of_two: Project, annotator: Person, owner: Person) -> None:
    project = round_of_two
    assert qualification.admit(project=project, person=annotator, by=owner)
    assert not qualification.admit(project=project, person=annotator, by=owner)
    assert qualification.standing(project, annotator).qualified
    qualification.ask_again(project=project, person=annotator, by=owner)
    assert not qualification.standing(project, annotator).qualified
    assert qualification.begin(project=project, person=annotator).number == 1


def test_who_reviews_or_manages_needs_none(round_of_two: Project, annotator: Person, owner: Person) -> None:
    Membership.objects.filter(person=annotator).update(role=Role.REVIEWER)
    for person in (annotator, owner):
        assert qualification.standing(round_of_two, person).qualified
        assert qualification.begin(project=round_of_two, person=person) is None


def test_with_fewer_tasks_than_wanted_the_round_is_shorter(round_of_two: Project, annotator: Person) -> None:
    round_of_two.qualification_tasks = 50
    round_of_two.save()
    assert qualification.begin(project=round_of_two, person=annotator).wanted == 6


def test_without_tasks_there_is_no_round(project: Project, annotator: Person) -> None:
    project.qualification_tasks = 3
    project.save()
    assert qualification.begin(project=project, person=annotator) is None
    assert not qualification.standing(project, annotator).may_try
