"""A manager's hand on one task: sooner, by more people, for others, or by nobody any more."""

from collections.abc import Callable

import pytest

from annotation import assignment as leases
from annotation import judging, reviews, tasks
from annotation.models import Assignment, AuditEvent, Membership, Person, Project, Task

Fill = Callable[[int], None]


def said(given: Assignment) -> judging.Verdict:
    return judging.Verdict(judging.overall([[sample] for sample in given.shown]))


def judged(project: Project, person: Person) -> Assignment:
    given = leases.lease_next(person=person, project=project)
    judging.submit(assignment=given, verdict=said(given))
    return given


@pytest.fixture
def task(project: Project, fill: Fill) -> Task:
    fill(3)
    return project.tasks.order_by("pk")[2]


def test_it_works(project: Project, owner: Person, annotator: Person, task: Task) -> None:
    tasks.set_priority(task=task, priority=8, by=owner)
    assert leases.lease_next(person=annotator, project=project).task == task
    event = AuditEvent.objects.get(action="task.priority")
    assert (event.subject, event.details) == (str(task.pk), {"before": 4, "now": 8})
    tasks.set_priority(task=task, priority=8, by=owner)
    assert AuditEvent.objects.filter(action="task.priority").count() == 1, "nothing changed"


def test_a_full_task_comes_back_for_more_people_behind_whoever_passed_it(
    project: Project, owner: Person, annotator: Person, second_annotator: Person, fill: Fill
) -> None:
    fill(1)
    first = judged(project, annotator).task
    with pytest.raises(leases.NothingLeft):
        leases.lease_next(person=second_annotator, project=project)
    tasks.set_overlap(task=first, overlap=2, by=owner)
    assert judged(project, second_annotator).task == first
    with pytest.raises(tasks.NotPossible, match="2 people"):
        tasks.set_overlap(task=first, overlap=1, by=owner)
    assert Task.objects.get(pk=first.pk).overlap == 2


def test_gold_has_no_overlap(project: Project, owner: Person, task: Task) -> None:
    lane, _ = project.lanes.get_or_create(kind="rank", language=task.lane.language, purpose="gold")
    Task.objects.filter(pk=task.pk).update(lane=lane)
    with pytest.raises(tasks.NotPossible, match="Everybody"):
        tasks.set_overlap(task=task, overlap=3, by=owner)


def test_kept_for_a_cohort_and_given_to_everybody_again(
    project: Project, owner: Person, annotator: Person, second_annotator: Person, fill: Fill
) -> None:
    fill(1)
    task = project.tasks.get()
    Membership.objects.filter(person=second_annotator).update(cohorts=["poets"])
    assert tasks.set_cohort(task=task, cohort=" poets ", by=owner).lane.cohort == "poets"
    with pytest.raises(leases.NothingLeft):
        leases.lease_next(person=annotator, project=project)
    given = leases.lease_next(person=second_annotator, project=project)
    tasks.set_cohort(task=task, cohort="", by=owner)
    assert judging.submit(assignment=given, verdict=said(given)), "who has it in work keeps it"
    with pytest.raises(tasks.NotPossible, match="name"):
        tasks.set_cohort(task=task, cohort="x" * 61, by=owner)


def test_withdrawn_it_is_taken_from_those_at_work_and_what_was_judged_stays(
    project: Project, owner: Person, annotator: Person, second_annotator: Person, fill: Fill
) -> None:
    project.overlap = 3
    project.save()
    fill(1)
    task = judged(project, annotator).task
    held = leases.lease_next(person=second_annotator, project=project)
    assert tasks.withdraw(task=task, by=owner) == 1
    now = Task.objects.get(pk=task.pk)
    assert (now.taken, now.judged, bool(now.withdrawn_at)) == (1, 1, True)
    held.refresh_from_db()
    assert held.state == Assignment.State.REVOKED
    with pytest.raises(judging.NoLongerOpen):
        judging.submit(assignment=held, verdict=said(held))
    with pytest.raises(leases.NothingLeft):
        leases.lease_next(person=owner, project=project)
    assert tasks.withdraw(task=task, by=owner) == 0
    assert AuditEvent.objects.filter(action="task.withdraw").count() == 1
    tasks.put_back(task=task, by=owner)
    assert leases.lease_next(person=owner, project=project).task == task


def test_what_a_reviewer_discarded_stays_out(project: Project, owner: Person, task: Task) -> None:
    reviews.rule(task=task, reviewer=owner, verdict="discarded")
    with pytest.raises(tasks.NotPossible, match="reviewer"):
        tasks.put_back(task=task, by=owner)


def test_several_changes_are_made_together_or_not_at_all(owner: Person, task: Task) -> None:
    with pytest.raises(tasks.NotPossible):
        tasks.steer(task=task, by=owner, changes={"priority": 9, "overlap": 1000})
    assert Task.objects.get(pk=task.pk).priority == 4
    after = tasks.steer(task=task, by=owner, changes={"priority": 9, "overlap": 2, "cohort": "a", "withdrawn": True})
    assert (after.priority, after.overlap, after.lane.cohort, bool(after.withdrawn_at)) == (9, 2, "a", True)
