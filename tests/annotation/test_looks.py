"""Whoever is through with everything: what opens again reaches them, and the look for it costs what they did since."""

import re
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from annotation import assignment as leases
from annotation import cohorts, gold, judging, overlap, projects, queue, reviews, tasks
from annotation.forgetting import forget
from annotation.models import Assignment, Person, Project, QueuePosition, Task
from annotation.models.task import next_queue_number
from tests.load import bulk, plans

Fill = Callable[[int], None]


def nothing_left(person: Person, project: Project) -> bool:
    try:
        leases.lease_next(person=person, project=project)
    except leases.NothingLeft as nothing:
        return nothing.reason == "empty"
    return False


def judge(given: Assignment) -> None:
    judging.submit(assignment=given, verdict=judging.Verdict(judging.overall([[s] for s in given.shown])))


def looked_through(person: Person, project: Project) -> None:
    """Looks until nothing older is under way, in whichever database of the server: other tests have theirs there."""
    ends = time.monotonic() + 60
    while True:
        assert nothing_left(person, project)
        if (at := place(person)).empty_to == at.noted == at.queue_number:
            return
        assert time.monotonic() < ends, "somebody's transaction does not end"
        time.sleep(0.1)


def place(person: Person) -> QueuePosition:
    return QueuePosition.objects.get(person=person)


@pytest.fixture
def through(project: Project, annotator: Person) -> Person:
    """Has judged both tasks, which stay open for others."""
    Project.objects.update(overlap=3)
    project.refresh_from_db()
    bulk.tasks(project, 2)
    for _ in range(2):
        judge(leases.lease_next(person=annotator, project=project))
    return annotator


@pytest.mark.django_db(transaction=True)
def test_it_works(through: Person, project: Project) -> None:
    came_to = place(through).queue_number
    assert nothing_left(through, project)
    assert place(through).empty_to == 0, "somebody may have been in the middle of making a task"
    looked_through(through, project)
    assert place(through).empty_to == came_to
    bulk.tasks(project, 1, already=2)
    judge(leases.lease_next(person=through, project=project))
    looked_through(through, project)
    assert place(through).empty_to > came_to


@pytest.mark.django_db(transaction=True)
def test_a_task_that_was_long_in_the_making_is_found(through: Person, project: Project) -> None:
    """Its number is lower than that of one which was made later, and judged meanwhile."""
    made, looked = threading.Event(), threading.Event()

    def slowly() -> None:
        try:
            with transaction.atomic():
                bulk.tasks(project, 1, already=2)
                made.set()
                looked.wait(timeout=20)
        finally:
            connection.close()

    slow = threading.Thread(target=slowly)
    slow.start()
    assert made.wait(timeout=20)
    bulk.tasks(project, 1, already=3)
    judge(leases.lease_next(person=through, project=project))
    for _ in range(3):
        assert nothing_left(through, project)
    looked.set()
    slow.join()
    late = leases.lease_next(person=through, project=project)
    assert late.task.queue_number < place(through).noted
    judge(late)
    looked_through(through, project)


def skipped(task: Task, owner: Person, other: Person) -> None:
    leases.skip(assignment=task.assignments.get())


def ran_out(task: Task, owner: Person, other: Person) -> None:
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert leases.expire_overdue() == 1


def given_back(task: Task, owner: Person, other: Person) -> None:
    assert leases.give_back(person=other, project=task.project) == 1


def taken_away(task: Task, owner: Person, other: Person) -> None:
    assert leases.revoke(assignment=task.assignments.get())


def out_of_the_project(task: Task, owner: Person, other: Person) -> None:
    projects.remove_member(project=task.project, person=other, by=owner)


def put_back(task: Task, owner: Person, other: Person) -> None:
    tasks.withdraw(task=task, by=owner)
    tasks.put_back(task=task, by=owner)


def more_people(task: Task, owner: Person, other: Person) -> None:
    tasks.set_overlap(task=task, overlap=2, by=owner)


def more_people_who_disagree(task: Task, owner: Person, other: Person) -> None:
    judge(task.assignments.get())
    task.refresh_from_db()
    Task.objects.filter(pk=task.pk).update(overlap=F("overlap") + 1, judged=1)
    judge(leases.lease_next(person=owner, project=task.project))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlap, "_agree", lambda task: False)
        Project.objects.update(max_overlap=3)
        overlap.settle(task.pk)


def no_longer_discarded(task: Task, owner: Person, other: Person) -> None:
    reviews.rule(task=task, reviewer=owner, verdict="discarded")
    leases.revoke(assignment=task.assignments.get())
    reviews.rule(task=task, reviewer=owner, verdict="confirmed")


def no_longer_gold(task: Task, owner: Person, other: Person) -> None:
    leases.revoke(assignment=task.assignments.get())
    known, _ = gold.make(task=task, groups=[[sample] for sample in task.sample_ids], by=owner)
    gold.give_up(gold=known, by=owner)


def no_longer_for_a_cohort(task: Task, owner: Person, other: Person) -> None:
    leases.revoke(assignment=task.assignments.get())
    cohorts.keep_tasks(project=task.project, cohort="medics", by=owner)
    cohorts.keep_tasks(project=task.project, cohort="", by=owner)


def forgotten(task: Task, owner: Person, other: Person) -> None:
    judge(task.assignments.get())
    forget(person=other, project=task.project)


OPENS = [
    skipped, ran_out, given_back, taken_away, out_of_the_project, put_back, more_people, more_people_who_disagree,
    no_longer_discarded, no_longer_gold, no_longer_for_a_cohort, forgotten,
]  # fmt: skip


@pytest.mark.parametrize("opens", OPENS)
def test_what_opens_again_is_found_at_once(
    project: Project, owner: Person, annotator: Person, second_annotator: Person, fill: Fill, opens: Callable[..., None]
) -> None:
    """A person who will never again look at the numbers given out so far."""
    fill(1)
    task = leases.lease_next(person=second_annotator, project=project).task
    task = Task.objects.get(pk=task.pk)
    here = next_queue_number()
    facts = {"lane": task.lane, "priority": task.priority, "queue_number": here, "empty_to": here}
    QueuePosition.objects.create(person=annotator, **facts)
    assert nothing_left(annotator, project)
    opens(task, owner, second_annotator)
    assert leases.lease_next(person=annotator, project=project).task_id == task.pk


def test_the_forgotten_begin_anew(through: Person, project: Project) -> None:
    forget(person=through, project=project)
    assert leases.lease_next(person=through, project=project)


@pytest.mark.django_db(transaction=True)
def test_the_looks_do_not_go_over_everything_each_time(project: Project, annotator: Person) -> None:
    Project.objects.update(overlap=3)
    project.refresh_from_db()
    bulk.has_judged(annotator, bulk.tasks(project, 3_000), 3_000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE annotation_task, annotation_assignment")
    assert pages_read(annotator, project) > 3_000
    looked_through(annotator, project)
    assert pages_read(annotator, project) < 100
    bulk.tasks(project, 1, already=3_000)
    assert leases.lease_next(person=annotator, project=project)


def pages_read(person: Person, project: Project) -> int:
    values = {
        "person": person.pk,
        "project": project.pk,
        "holding": [],
        "kind": "",
        "ahead": None,
        "today": queue.today(),
        "most": 3,
    }
    found = re.search(r"Buffers: shared hit=(\d+)", plans.analysed(queue.LEASE_FROM_START, values))
    assert found
    return int(found[1])
