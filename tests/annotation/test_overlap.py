"""Dynamic overlap: where judges disagree, another one is asked, then a reviewer."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from annotation import assignment as leases
from annotation import judging
from annotation.models import Membership, Person, Project, Review, Role, Task
from annotation.overlap import agreement
from annotation.undoing import undo
from tests.conftest import person

Fill = Callable[[int], None]


@pytest.fixture
def judges(project: Project, fill: Fill) -> list[Person]:
    """Four annotators; a task for two of them, and for four where they disagree."""
    project.overlap, project.max_overlap, project.agreement_floor = 2, 4, 0.7
    project.save()
    fill(1)
    people = [person(f"judge{number}") for number in range(4)]
    Membership.objects.bulk_create(Membership(project=project, person=p, role=Role.ANNOTATOR) for p in people)
    return people


def judge(project: Project, who: Person, *, reverse: bool = False) -> None:
    given = leases.lease_next(person=who, project=project)
    order = sorted(given.shown, reverse=reverse)
    judging.submit(assignment=given, verdict=judging.Verdict(judging.overall([[sample] for sample in order])))


def test_it_works(project: Project, judges: list[Person]) -> None:
    judge(project, judges[0])
    judge(project, judges[1], reverse=True)
    assert Task.objects.get().overlap == 3, "they disagree: one more"
    judge(project, judges[2])
    assert Task.objects.get().overlap == 4, "a third of the pairs of judges agree: one more"
    assert Task.objects.get().review_wanted_at is None
    judge(project, judges[3])
    task = Task.objects.get()
    assert (task.overlap, task.judged) == (4, 4)
    assert task.review_wanted_at, "nobody is left to ask: a reviewer"


def test_who_agrees_is_enough(project: Project, judges: list[Person]) -> None:
    for who in judges[:2]:
        judge(project, who)
    assert (Task.objects.get().overlap, Task.objects.get().review_wanted_at) == (2, None)
    with pytest.raises(leases.NothingLeft):
        leases.lease_next(person=judges[2], project=project)


def test_the_added_slot_is_found_by_who_has_come_further(project: Project, judges: list[Person], fill: Fill) -> None:
    judge(project, judges[0])
    contested = leases.lease_next(person=judges[1], project=project)
    fill(3)
    for _ in range(2):
        judge(project, judges[2])
    order = sorted(contested.shown, reverse=True)
    judging.submit(assignment=contested, verdict=judging.Verdict(judging.overall([[sample] for sample in order])))
    assert leases.lease_next(person=judges[2], project=project).task_id == contested.task_id


def test_a_revision_that_agrees_needs_no_review(project: Project, judges: list[Person]) -> None:
    project.max_overlap = 2
    project.save()
    judge(project, judges[0])
    given = leases.lease_next(person=judges[1], project=project)
    for order in (sorted(given.shown, reverse=True), sorted(given.shown)):
        judging.submit(assignment=given, verdict=judging.Verdict(judging.overall([[s] for s in order])))
        waits = Task.objects.get().review_wanted_at is not None
        assert waits == (order != sorted(given.shown))


def test_undoing_the_last_word_takes_the_review_back(project: Project, judges: list[Person]) -> None:
    project.max_overlap = 2
    project.save()
    judge(project, judges[0])
    given = leases.lease_next(person=judges[1], project=project)
    order = sorted(given.shown, reverse=True)
    judging.submit(assignment=given, verdict=judging.Verdict(judging.overall([[s] for s in order])))
    assert Task.objects.get().review_wanted_at
    undo(assignment=given)
    assert Task.objects.get().review_wanted_at is None


def test_what_was_ruled_stays_ruled(project: Project, judges: list[Person]) -> None:
    judge(project, judges[0])
    Review.objects.create(task=Task.objects.get(), reviewer=judges[3], verdict=Review.Verdict.CONFIRMED)
    judge(project, judges[1], reverse=True)
    assert (Task.objects.get().overlap, Task.objects.get().review_wanted_at) == (2, None)


def test_a_withdrawn_task_asks_nobody(project: Project, judges: list[Person]) -> None:
    judge(project, judges[0])
    given = leases.lease_next(person=judges[1], project=project)
    Task.objects.update(withdrawn_at=timezone.now())
    order = sorted(given.shown, reverse=True)
    judging.submit(assignment=given, verdict=judging.Verdict(judging.overall([[s] for s in order])))
    assert Task.objects.get().overlap == 2


def test_without_a_limit_nothing_is_added(project: Project, judges: list[Person]) -> None:
    project.max_overlap = None
    project.save()
    judge(project, judges[0])
    judge(project, judges[1], reverse=True)
    assert (Task.objects.get().overlap, Task.objects.get().review_wanted_at) == (2, None)


@pytest.mark.parametrize(
    ("orders", "share"),
    [
        ([{1: 0, 2: 1}, {1: 0, 2: 1}], 1.0),
        ([{1: 0, 2: 1}, {1: 1, 2: 0}], 0.0),
        ([{1: 0, 2: 1}, {1: 0, 2: 0}], 0.5),
        ([{1: 0, 2: 1, 3: 2}, {1: 0, 2: 1}], 1.0),
        ([{1: 0, 2: 1}, {1: 0, 2: 1}, {1: 1, 2: 0}], 1 / 3),
        ([{1: 0, 2: 1}], None),
        ([], None),
    ],
)
def test_agreement(orders: list[dict[int, int]], share: float | None) -> None:
    assert agreement(orders) == (share if share is None else pytest.approx(share))
