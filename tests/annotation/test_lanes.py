"""Who may take what: languages, cohorts, gold, the daily cap; and that no table is read from end to end for it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotation import assignment as leases
from annotation import gold, judging, lookups, plain, projects, queue
from annotation.models import Assignment, Lane, Membership, Person, Project, QueuePosition, Role, Task
from tests.conftest import person
from tests.load import bulk, plans

Fill = Callable[[int], None]


def judge(given: Assignment) -> None:
    judging.submit(assignment=given, verdict=judging.Verdict(judging.overall([[s] for s in sorted(given.shown)])))


def all_given(project: Project, person: Person) -> list[Assignment]:
    """Work until nothing is left."""
    given = []
    try:
        while True:
            given.append(leases.lease_next(person=person, project=project))
            judge(given[-1])
    except leases.NothingLeft:
        return given


def lane_of_all(project: Project, **facts: str) -> Lane:
    lane = Lane.objects.get()
    Lane.objects.filter(pk=lane.pk).update(**facts)
    return lane


@pytest.mark.parametrize(
    ("lane", "languages", "gets"),
    [
        ("en", [], True), ("en", ["en"], True), ("en", ["zh"], False), ("en", ["zh", "en"], True),
        ("", ["zh"], True), ("zh-hans", ["zh"], True), ("zh-hans", ["en"], False),
    ],
)  # fmt: skip
def test_language(project: Project, annotator: Person, fill: Fill, lane: str, languages: list[str], gets: bool) -> None:
    fill(1)
    lane_of_all(project, language=lane)
    Membership.objects.filter(person=annotator).update(languages=languages)
    assert bool(all_given(project, annotator)) == gets


@pytest.mark.parametrize(
    ("lane", "cohorts", "gets"),
    [("", [], True), ("", ["medics"], True), ("medics", ["medics"], True), ("medics", [], False)],
)
def test_cohort(project: Project, annotator: Person, fill: Fill, lane: str, cohorts: list[str], gets: bool) -> None:
    fill(1)
    lane_of_all(project, cohort=lane)
    Membership.objects.filter(person=annotator).update(cohorts=cohorts)
    assert bool(all_given(project, annotator)) == gets


def test_gold_is_mixed_in_by_its_share_and_never_twice(
    project: Project, annotator: Person, owner: Person, fill: Fill
) -> None:
    fill(40)
    for task in Task.objects.order_by("pk")[:20]:
        gold.make(task=task, groups=[[sample] for sample in task.sample_ids], by=owner)
    project.gold_share = 0.3
    project.save()
    given = all_given(project, annotator)
    kinds = [Task.objects.get(pk=each.task_id).lane.purpose for each in given]
    assert len({each.task_id for each in given}) == len(given)
    assert kinds.count("work") == 20, "all work was done"
    assert 2 <= kinds[:28].count("gold") <= 16, "about three in ten"
    trailing = kinds[::-1].index("work")
    assert trailing < 10, "when the work is done gold ends with the first draw of work"


def test_gold_is_drawn_again_the_same(project: Project, annotator: Person, owner: Person, fill: Fill) -> None:
    """Whoever asks again, or loses the answer on the way, cannot draw until they get something else."""
    fill(4)
    gold.make(task=Task.objects.order_by("pk")[0], groups=[[s] for s in Task.objects.first().sample_ids], by=owner)  # type: ignore[union-attr]
    project.gold_share = 0.5
    project.save()
    seen = set()
    for _ in range(6):
        seen.add(leases.lease_next(person=annotator, project=project).task_id)
        Assignment.objects.all().delete()
        QueuePosition.objects.all().delete()
        Task.objects.update(taken=0)
    assert len({Task.objects.get(pk=pk).lane.purpose for pk in seen}) == 1


def test_without_a_share_there_is_no_gold(project: Project, annotator: Person, owner: Person, fill: Fill) -> None:
    fill(3)
    task = Task.objects.order_by("pk")[0]
    gold.make(task=task, groups=[[sample] for sample in task.sample_ids], by=owner)
    assert task.pk not in {given.task_id for given in all_given(project, annotator)}


def test_what_one_holds_counts_towards_the_cap(project: Project, annotator: Person, fill: Fill) -> None:
    fill(4)
    project.daily_cap = 2
    project.save()
    first = leases.lease_next(person=annotator, project=project)
    second = leases.lease_next(person=annotator, project=project, holding=[first.pk])
    with pytest.raises(leases.NothingLeft, match="daily_cap"):
        leases.lease_next(person=annotator, project=project, holding=[first.pk, second.pk])
    judge(first)
    judge(second)
    with pytest.raises(leases.NothingLeft, match="daily_cap"):
        leases.lease_next(person=annotator, project=project)


def test_who_only_looks_from_now_on_holds_nothing(
    project: Project, owner: Person, annotator: Person, second_annotator: Person, fill: Fill
) -> None:
    fill(1)
    given = leases.lease_next(person=annotator, project=project)
    projects.set_role(project=project, person=annotator, role=Role.VIEWER, by=owner)
    assert leases.lease_next(person=second_annotator, project=project).task_id == given.task_id
    with pytest.raises(judging.NoLongerOpen):
        judge(given)


def test_who_is_taken_out_holds_nothing(
    project: Project, owner: Person, annotator: Person, second_annotator: Person, fill: Fill
) -> None:
    fill(1)
    given = leases.lease_next(person=annotator, project=project)
    projects.remove_member(project=project, person=annotator, by=owner)
    assert Assignment.objects.get(pk=given.pk).state == Assignment.State.REVOKED
    assert leases.lease_next(person=second_annotator, project=project).task_id == given.task_id
    with pytest.raises(leases.NothingLeft):
        leases.lease_next(person=annotator, project=project)


def test_a_skipped_task_stays_skipped_after_everything_else_is_done(
    project: Project, annotator: Person, fill: Fill
) -> None:
    fill(3)
    skipped = leases.lease_next(person=annotator, project=project)
    leases.skip(assignment=skipped)
    assert skipped.task_id not in {given.task_id for given in all_given(project, annotator)}
    leases.expire_overdue()
    assert not all_given(project, annotator)


def test_a_renewed_lease_does_not_expire(project: Project, annotator: Person, fill: Fill) -> None:
    fill(1)
    given = leases.lease_next(person=annotator, project=project)
    Assignment.objects.update(expires_at=timezone.now() + timedelta(seconds=1))
    leases.renew(given)
    assert leases.expire_overdue() == 0
    assert Assignment.objects.get().expires_at > timezone.now() + timedelta(minutes=20)


BIG = {"annotation_task", "annotation_assignment", "annotation_prompt", "annotation_sample", "annotation_judgement"}


def test_no_table_that_grows_is_read_from_end_to_end(project: Project, annotator: Person, owner: Person) -> None:
    """On filled tables: on empty ones PostgreSQL rightly reads all of the nothing that is there."""
    lane = bulk.tasks(project, 5_000)
    for who in (owner, *(person(f"judge{number}") for number in range(19))):
        bulk.has_judged(who, lane, 200)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE annotation_task, annotation_assignment, annotation_judgement, annotation_sample")
    for sql in (queue.LEASE_NEXT, queue.LEASE_FROM_START, plain.statement(), lookups.OWN, lookups.WHERE_ONE_JUDGES):
        assert not plans.scanned_whole(plans.generic(sql)) & BIG, sql
