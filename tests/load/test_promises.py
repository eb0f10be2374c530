"""Many people at once over a small pool: leases, double submits, skips, expiries, revocations. Then the database is
asked whether every promise held."""

import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Count, F, Q
from django.utils import timezone

from annotation import assignment as leases
from annotation import judging
from annotation.models import Assignment, Judgement, Membership, Person, Project, Role, Task, WorkDay
from tests.conftest import person

SECONDS = float(os.environ.get("PREFLOOP_FIRE_SECONDS", "6"))
PEOPLE, TASKS, OVERLAP = 16, 40, 3


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_promises_hold_under_fire(project: Project, owner: Person, fill: Callable[[int], None]) -> None:
    project.overlap = OVERLAP
    project.save()
    fill(TASKS)
    people = [person(f"p{number}") for number in range(PEOPLE)]
    Membership.objects.bulk_create(Membership(project=project, person=p, role=Role.ANNOTATOR) for p in people)
    ends = time.monotonic() + SECONDS
    with ThreadPoolExecutor(PEOPLE + 1) as pool:
        running = [pool.submit(annotate, p, project, ends) for p in people]
        running.append(pool.submit(disturb, ends))
        acknowledged = [pk for future in running for pk in future.result()]
    check(project, acknowledged)


def annotate(who: Person, project: Project, ends: float) -> list[int]:
    """Take tasks and judge most of them, some twice at once; answers what was acknowledged."""
    dice, done = random.Random(who.pk), []
    try:
        while time.monotonic() < ends:
            try:
                given = leases.lease_next(person=who, project=project)
            except leases.NothingLeft:
                time.sleep(0.05)
                continue
            done += act(given, dice)
    finally:
        connection.close()
    return done


def act(given: Assignment, dice: random.Random) -> list[int]:
    fate = dice.random()
    if fate < 0.1:
        leases.skip(assignment=given)
        return []
    if fate < 0.2:  # a closed lid: the lease runs out
        Assignment.objects.live().filter(pk=given.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        return []
    verdict = judging.Verdict(judging.overall([[s] for s in dice.sample(given.shown, len(given.shown))]))
    try:
        first = judging.submit(assignment=given, verdict=verdict)
        again = judging.submit(assignment=given, verdict=verdict)
    except judging.NoLongerOpen:
        return []
    assert first == again
    return [first.pk]


def disturb(ends: float) -> list[int]:
    """Expire what ran out, and take tasks away from people in the middle of their work."""
    try:
        while time.monotonic() < ends:
            leases.expire_overdue()
            live = Assignment.objects.live().order_by("?").first()
            if live and random.random() < 0.2:
                leases.revoke(assignment=live)
            time.sleep(0.02)
    finally:
        connection.close()
    return []


def check(project: Project, acknowledged: list[int]) -> None:
    kept = Judgement.objects.filter(project=project, is_current=True)
    assert set(acknowledged) == set(kept.values_list("pk", flat=True)), "promise 1: lost or invented judgements"
    counted_days = WorkDay.objects.filter(project=project).values_list("judgements", flat=True)
    assert sum(counted_days) == len(acknowledged), "the days' counts drifted from the judgements"
    live = Count("assignments", filter=Q(assignments__state="leased"))
    judged = Count("assignments", filter=Q(assignments__state="judged"))
    counted = Task.objects.filter(project=project).annotate(live=live, judged_by=judged)
    assert not counted.exclude(taken=F("live") + F("judged_by")).exists(), "promise 2: slots miscounted"
    assert not counted.filter(taken__gt=F("overlap")).exists(), "promise 2: more than the overlap"
    twice = kept.values("task", "person").annotate(n=Count("pk")).filter(n__gt=1)
    assert not twice.exists(), "promise 2: the same task twice"
    assert len(acknowledged) > PEOPLE, "nothing much happened"
