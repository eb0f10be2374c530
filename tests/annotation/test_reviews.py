"""Rulings: beside the judgements, the newest holds, and what was discarded is given to nobody."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from annotation import assignment as leases
from annotation import judging, reviews
from annotation.models import AuditEvent, Judgement, Person, Project, Review, Task
from annotation.reviews import NotARuling


@pytest.fixture
def task(fill: Callable[[int], None], project: Project, annotator: Person) -> Task:
    """Judged by anna, and its judges are said to disagree."""
    fill(1)
    given = leases.lease_next(person=annotator, project=project)
    judging.submit(assignment=given, verdict=judging.Verdict(judging.overall([[s] for s in given.shown])))
    project.tasks.update(review_wanted_at=timezone.now())
    return project.tasks.get()


def overruled(task: Task) -> dict[str, list[list[int]]]:
    return {"overall": [[s] for s in task.sample_ids[::-1]]}


def test_it_works(task: Task, owner: Person, project: Project) -> None:
    before = Judgement.objects.get()
    assert list(reviews.wanted(project)) == [task]
    orders = overruled(task)
    reviews.rule(task=task, reviewer=owner, verdict="overruled", orders=orders, note="C is made up.")
    assert not reviews.wanted(project)
    ruling = reviews.rulings([task.pk])[task.pk]
    assert (ruling.verdict, ruling.orders, ruling.note) == ("overruled", orders, "C is made up.")
    before.refresh_from_db()
    assert before.is_current
    assert AuditEvent.objects.get(action="review.rule").details["verdict"] == "overruled"


def test_the_newest_ruling_holds(task: Task, owner: Person, second_annotator: Person) -> None:
    reviews.rule(task=task, reviewer=owner, verdict="confirmed")
    reviews.rule(task=task, reviewer=second_annotator, verdict="overruled", orders=overruled(task))
    reviews.rule(task=task, reviewer=owner, verdict="discarded")
    assert reviews.ruling_of(task).verdict == "discarded"
    assert Review.objects.count() == 2


def test_discarded_is_given_to_nobody_until_the_word_changes(task: Task, owner: Person) -> None:
    reviews.rule(task=task, reviewer=owner, verdict="discarded")
    assert Task.objects.get().withdrawn_at
    reviews.rule(task=task, reviewer=owner, verdict="confirmed")
    assert Task.objects.get().withdrawn_at is None


def test_nobody_rules_over_their_own_judgement(task: Task, annotator: Person, owner: Person, project: Project) -> None:
    assert not reviews.wanted(project, annotator)
    assert list(reviews.wanted(project, owner)) == [task]


@pytest.mark.parametrize(
    ("verdict", "orders", "reason"),
    [
        ("perhaps", {}, "is one of"),
        ("overruled", {}, "your own order"),
        ("overruled", {"overall": [[1]]}, "each answer"),
        ("confirmed", {"overall": [[1]]}, "Only who overrules"),
    ],
)
def test_what_does_not_fit_is_refused(task: Task, owner: Person, verdict: str, orders: dict, reason: str) -> None:
    with pytest.raises(NotARuling, match=reason):
        reviews.rule(task=task, reviewer=owner, verdict=verdict, orders=orders)
    assert not Review.objects.exists()
