"""Tasks that a page holds before they are seen: short leases, given back on a pause, taken up when shown."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation import assignment as leases
from annotation import judging
from annotation.models import Assignment, Person, Project

pytestmark = pytest.mark.django_db


@pytest.fixture
def first(fill: Callable[[int], None], project: Project, annotator: Person) -> Assignment:
    fill(5)
    return leases.lease_next(person=annotator, project=project)


def test_it_works(first: Assignment, project: Project, annotator: Person) -> None:
    ahead = leases.lease_ahead(person=annotator, project=project, holding=[first.pk])
    assert ahead.pk != first.pk
    assert ahead.expires_at <= timezone.now() + leases.AHEAD
    assert leases.lease_ahead(person=annotator, project=project, holding=[first.pk]) == ahead  # not one more each time
    assert leases.take_up(ahead)
    ahead.refresh_from_db()
    assert ahead.expires_at > timezone.now() + timedelta(minutes=project.lease_minutes - 1)


def test_nobody_holds_more_than_one_may(first: Assignment, project: Project, annotator: Person) -> None:
    held = [first.pk]
    while len(held) < leases.MAX_LIVE:
        held.append(leases.lease_ahead(person=annotator, project=project, holding=held).pk)
    with pytest.raises(leases.NothingLeft, match="holding"):
        leases.lease_ahead(person=annotator, project=project, holding=held)


def test_a_closed_page_keeps_what_it_had_ahead_for_a_moment(
    first: Assignment, project: Project, annotator: Person
) -> None:
    ahead = leases.lease_ahead(person=annotator, project=project, holding=[first.pk])
    leases.save_draft(assignment=first, draft={"comment": "begun"})
    assert leases.leave(person=annotator, project=project, uuids=[ahead.pk, first.pk]) == 1
    ahead.refresh_from_db()
    assert ahead.expires_at <= timezone.now() + leases.LEFT


def test_giving_back_frees_the_slots_and_keeps_the_draft(
    first: Assignment, project: Project, annotator: Person, second_annotator: Person
) -> None:
    leases.save_draft(assignment=first, draft={"comment": "begun"})
    leases.lease_ahead(person=annotator, project=project, holding=[first.pk])
    assert leases.give_back(person=annotator, project=project) == 2
    assert not project.tasks.filter(taken__gt=0).exists()
    first.refresh_from_db()
    assert first.draft == {"comment": "begun"}
    assert leases.take_up(first)
    assert leases.give_back(person=annotator, project=project, uuids=[first.pk]) == 1
    while leases.lease_next(person=second_annotator, project=project).task_id != first.task_id:
        leases.skip(assignment=Assignment.objects.live().get(person=second_annotator))
    first.refresh_from_db()
    assert not leases.take_up(first)  # somebody else has it


def test_a_judged_task_is_not_taken_up_again(first: Assignment) -> None:
    judging.submit(assignment=first, verdict=judging.Verdict(judging.overall([[s] for s in first.shown])))
    assert not leases.take_up(first)
