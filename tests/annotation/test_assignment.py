"""Leases: who gets which task next, and that nobody gets more than there is."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from annotation import assignment as leases
from annotation import judging, queue
from annotation.models import Assignment, Person, Project, QueuePosition, Task, WorkDay

Fill = Callable[[int], None]


def judge(assignment: Assignment) -> None:
    judging.submit(assignment=assignment, verdict=judging.Verdict(judging.overall([[s] for s in assignment.shown])))


def expire(assignment: Assignment) -> None:
    Assignment.objects.filter(pk=assignment.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert leases.expire_overdue() == 1


def test_it_works(project: Project, annotator: Person, fill: Fill) -> None:
    fill(2)
    first = leases.lease_next(person=annotator, project=project)
    assert sorted(first.shown) == first.task.sample_ids
    judge(first)
    second = leases.lease_next(person=annotator, project=project)
    assert second.task_id != first.task_id
    judge(second)
    with pytest.raises(leases.NothingLeft, match="empty"):
        leases.lease_next(person=annotator, project=project)


def test_a_page_lost_on_the_way_costs_no_slot(project: Project, annotator: Person, fill: Fill) -> None:
    fill(2)
    first = leases.lease_next(person=annotator, project=project)
    assert leases.lease_next(person=annotator, project=project) == first
    assert Task.objects.filter(taken=1).count() == 1


def test_the_next_task_can_be_fetched_ahead_but_not_hoarded(project: Project, annotator: Person, fill: Fill) -> None:
    fill(6)
    held: list[Assignment] = []
    for _ in range(5):
        held.append(leases.lease_next(person=annotator, project=project, holding=[a.uuid for a in held]))
    assert len({a.pk for a in held}) == leases.MAX_LIVE


def test_overlap_is_never_passed(project: Project, annotator: Person, second_annotator: Person, fill: Fill) -> None:
    fill(1)
    leases.lease_next(person=annotator, project=project)
    with pytest.raises(leases.NothingLeft):
        leases.lease_next(person=second_annotator, project=project)
    with pytest.raises(IntegrityError, match="task_never_overtaken"), transaction.atomic():
        Task.objects.update(taken=2)


def test_a_skipped_task_goes_to_others_and_never_comes_back(
    project: Project, annotator: Person, second_annotator: Person, fill: Fill
) -> None:
    fill(1)
    given = leases.lease_next(person=annotator, project=project)
    assert leases.skip(assignment=given, reason="not my field")
    assert not leases.skip(assignment=given)
    with pytest.raises(leases.NothingLeft):
        leases.lease_next(person=annotator, project=project)
    assert leases.lease_next(person=second_annotator, project=project).task_id == given.task_id
    assert WorkDay.objects.get(person=annotator).skips == 1


def test_a_lease_that_ran_out_goes_to_somebody_else(
    project: Project, annotator: Person, second_annotator: Person, fill: Fill
) -> None:
    fill(1)
    given = leases.lease_next(person=annotator, project=project)
    expire(given)
    assert leases.lease_next(person=second_annotator, project=project).task_id == given.task_id


def test_a_lease_that_ran_out_comes_back_to_its_person_when_nobody_took_it(
    project: Project, annotator: Person, fill: Fill
) -> None:
    fill(1)
    given = leases.lease_next(person=annotator, project=project)
    expire(given)
    assert leases.lease_next(person=annotator, project=project) == given
    assert Assignment.objects.count() == 1


def test_two_leases_of_one_task_that_run_out_together_free_two_slots(
    project: Project, annotator: Person, second_annotator: Person, fill: Fill
) -> None:
    project.overlap = 2
    project.save()
    fill(1)
    for person in (annotator, second_annotator):
        leases.lease_next(person=person, project=project)
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert leases.expire_overdue() == 2
    assert Task.objects.get().taken == 0


def test_renewal_while_at_work_keeps_the_lease(project: Project, annotator: Person, fill: Fill) -> None:
    fill(1)
    given = leases.lease_next(person=annotator, project=project)
    Assignment.objects.update(expires_at=timezone.now() + timedelta(seconds=5))
    leases.save_draft(assignment=given, draft={"ranks": {"1": 1}})
    assert Assignment.objects.get().expires_at > timezone.now() + timedelta(minutes=20)


def test_nobody_judges_their_own_text(project: Project, annotator: Person, fill: Fill) -> None:
    fill(1)
    Task.objects.update(author_ids=[annotator.pk])
    with pytest.raises(leases.NothingLeft):
        leases.lease_next(person=annotator, project=project)


def test_the_daily_cap_holds(project: Project, annotator: Person, fill: Fill) -> None:
    fill(2)
    project.daily_cap = 1
    project.save()
    judge(leases.lease_next(person=annotator, project=project))
    with pytest.raises(leases.NothingLeft, match="daily_cap"):
        leases.lease_next(person=annotator, project=project)


def test_higher_priority_comes_first_also_for_who_is_far_along(project: Project, annotator: Person, fill: Fill) -> None:
    fill(3)
    judge(leases.lease_next(person=annotator, project=project))
    urgent = Task.objects.order_by("-pk").first()
    assert urgent
    Task.objects.filter(pk=urgent.pk).update(priority=9)
    assert leases.lease_next(person=annotator, project=project).task_id == urgent.pk


def test_a_task_behind_ones_position_is_found_in_the_end(project: Project, annotator: Person, fill: Fill) -> None:
    """It was locked by another's transaction when this person's search passed it."""
    fill(2)
    judge(leases.lease_next(person=annotator, project=project))
    QueuePosition.objects.update(queue_number=10_000)
    assert leases.lease_next(person=annotator, project=project).task.taken == 1


def test_a_withdrawn_task_is_not_handed_out(project: Project, annotator: Person, fill: Fill) -> None:
    fill(1)
    Task.objects.update(withdrawn_at=timezone.now())
    with pytest.raises(leases.NothingLeft):
        leases.lease_next(person=annotator, project=project)


def test_looking_in_vain_does_not_send_a_person_back_to_the_start(
    project: Project, annotator: Person, fill: Fill
) -> None:
    """Else whoever waits for new tasks walks over all that they have done, for each of them."""
    project.overlap = 2
    project.save()
    fill(2)
    for _ in range(2):
        judge(leases.lease_next(person=annotator, project=project))
    place = QueuePosition.objects.get(person=annotator).queue_number
    with pytest.raises(leases.NothingLeft):
        leases.lease_next(person=annotator, project=project)
    assert QueuePosition.objects.get(person=annotator).queue_number == place


@pytest.mark.django_db(transaction=True)
def test_a_crowd_at_the_front_does_not_look_like_an_empty_queue(
    project: Project, annotator: Person, fill: Fill
) -> None:
    """As when a class of forty presses the button at once: the first tasks are all being handed out right now."""
    fill(queue.CANDIDATES + 2)
    locked, done = threading.Event(), threading.Event()

    def crowd() -> None:
        try:
            with transaction.atomic():
                list(Task.objects.order_by("queue_number").select_for_update()[: queue.CANDIDATES + 1])
                locked.set()
                done.wait(timeout=10)
        finally:
            connection.close()

    others = threading.Thread(target=crowd)
    others.start()
    try:
        assert locked.wait(timeout=10)
        assert leases.lease_next(person=annotator, project=project).task_id == Task.objects.latest("queue_number").pk
    finally:
        done.set()
        others.join()
