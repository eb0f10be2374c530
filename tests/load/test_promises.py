"""Sixty-four people at once over a small pool, with everything that goes wrong: people who crash, send twice, skip,
close the lid, revise and undo; leases that run out or are taken away; members taken out and let in again; web processes
killed in the middle of their work. Then the database is asked whether every promise held."""

import asyncio
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from django.db import connection, connections
from django.db.models import Count, F, Max, Q, Sum

from annotation import assignment as leases
from annotation import judging, projects
from annotation.models import Assignment, AuditEvent, Judgement, Person, Project, Role, Task, WorkDay
from tests.load import bulk, installation
from tests.load.fire import Ledger, Worker
from tests.load.http import Client

SECONDS = float(os.environ.get("PREFLOOP_FIRE_SECONDS", "6"))
PEOPLE, TASKS, OVERLAP = 64, 60, 3
FEW_SLOTS = PEOPLE  # then the pool is filled up


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_promises_hold_under_fire(project: Project, owner: Person, tmp_path: Path) -> None:
    project.overlap = OVERLAP
    project.save()
    bulk.tasks(project, TASKS)
    cast = installation.people(project, PEOPLE)
    their_own(project, [person for person, _ in cast])
    with installation.web(tmp_path, **installation.test_environment()) as web:
        workers = [
            Worker(project.slug, Client(web.port, token), Client(web.port, token), random.Random(person.pk))
            for person, token in cast
        ]
        ledgers = under_fire(project, owner, workers, web.pid)
    check(project, ledgers)
    print(dict(sum((ledger.did for ledger in ledgers), Counter())))


def their_own(project: Project, people: list[Person]) -> None:
    """Each task is by somebody who must never get it."""
    for number, task in enumerate(Task.objects.filter(project=project)):
        task.author_ids = [people[number % len(people)].pk]
        task.save(update_fields=["author_ids"])


def under_fire(project: Project, owner: Person, workers: list[Worker], web_pid: int) -> list[Ledger]:
    over = threading.Event()
    trouble = threading.Thread(target=disturb, args=(project, owner, web_pid, over))
    trouble.start()
    ends = time.monotonic() + SECONDS

    async def all_of_them() -> None:
        await asyncio.gather(*(worker.work(ends) for worker in workers))

    try:
        # On a thread of its own: where browser tests came before, this one's loop is running already.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, all_of_them()).result()
    finally:
        over.set()
        trouble.join()
    return [worker.ledger for worker in workers]


def disturb(project: Project, owner: Person, web_pid: int, over: threading.Event) -> None:
    """Beat's work, a manager's whims and a machine's failures, until it is over."""
    dice, killed_at, made = random.Random(0), time.monotonic(), TASKS
    try:
        while not over.wait(0.03):
            leases.expire_overdue()
            if dice.random() < 0.3:
                bulk.expire_some(project, dice.randrange(1, 5))
            if dice.random() < 0.1 and (live := Assignment.objects.live().order_by("?").first()):
                leases.revoke(assignment=live)
            if dice.random() < 0.05:
                take_out_and_let_in(project, owner)
            if time.monotonic() - killed_at > SECONDS / 4:
                kill_one(web_pid)
                killed_at = time.monotonic()
            if bulk.open_slots(project) < FEW_SLOTS:
                bulk.tasks(project, TASKS, already=made)
                made += TASKS
    finally:
        connections.close_all()


def take_out_and_let_in(project: Project, owner: Person) -> None:
    who = project.memberships.filter(role=Role.ANNOTATOR).order_by("?").first()
    assert who
    projects.remove_member(project=project, person=who.person, by=owner)
    projects.set_role(project=project, person=who.person, role=Role.ANNOTATOR, by=owner)


def kill_one(master: int) -> None:
    """A web process dies; gunicorn's master starts another."""
    with suppress(psutil.Error, IndexError):
        random.choice(psutil.Process(master).children()).send_signal(signal.SIGKILL)


def check(project: Project, ledgers: list[Ledger]) -> None:
    assert [error for ledger in ledgers for error in ledger.errors] == []
    assert sum(len(ledger.judgements) for ledger in ledgers) > PEOPLE // 4, "nothing much happened"
    nothing_lost(ledgers)
    no_slot_too_many(project)
    once_each(project)
    counts_add_up(project)
    nothing_is_hidden(project)


def nothing_lost(ledgers: list[Ledger]) -> None:
    """Promise 1: what was acknowledged is there, as it was said last."""
    acknowledged = set().union(*(ledger.judgements for ledger in ledgers))
    assert acknowledged <= set(Judgement.objects.values_list("pk", flat=True))
    said = Judgement.objects.current().prefetch_related("rankings").in_bulk(field_name="pk")
    by_assignment = {str(judgement.assignment_id): judgement for judgement in said.values()}
    for ledger in ledgers:
        for assignment, last in ledger.last.items():
            if assignment in ledger.unknown:
                continue
            kept = by_assignment.get(assignment)
            if last is None:
                assert kept is None, "an undone judgement stands"
                continue
            assert kept, "an acknowledged judgement is gone"
            ranking = kept.rankings.get()
            assert (kept.pk, ranking.groups) == (last[0], [sorted(group) for group in last[1]])


def no_slot_too_many(project: Project) -> None:
    """Promise 2: live leases and judgements are counted, never more than the overlap, which grows only on record."""
    live, judged = (Count("assignments", filter=Q(assignments__state=state)) for state in ("leased", "judged"))
    counted = Task.objects.filter(project=project).annotate(live=live, judged_by=judged)
    assert not counted.exclude(taken=F("live") + F("judged_by")).exists(), "slots miscounted"
    assert not counted.exclude(judged=F("judged_by")).exists(), "judgements miscounted"
    assert not counted.filter(taken__gt=F("overlap")).exists(), "more than the overlap"
    raised = Counter(AuditEvent.objects.filter(action="task.overlap_raised").values_list("subject", flat=True))
    for task in Task.objects.filter(project=project):
        assert task.overlap == OVERLAP + raised[str(task.pk)], "the overlap grew without a word"


def once_each(project: Project) -> None:
    """Promise 2: nobody twice, nobody their own; revisions are numbered without a gap, one is current."""
    pairs = Assignment.objects.filter(project=project).values("task", "person").annotate(number=Count("pk"))
    assert not pairs.filter(number__gt=1).exists(), "the same task twice"
    own = Assignment.objects.filter(project=project, task__author_ids__contains=[F("person_id")])
    assert not own.exists(), "somebody got their own text"
    revisions = Judgement.objects.filter(project=project).values("task", "person")
    revisions = revisions.annotate(number=Count("pk"), last=Max("revision"), now=Count("pk", Q(is_current=True)))
    assert not revisions.exclude(number=F("last")).exists(), "a revision is missing"
    assert not revisions.filter(now__gt=1).exists(), "two judgements are current"


def counts_add_up(project: Project) -> None:
    """Days' counts are those of the judgements and skips that stand; nobody holds more than one may."""
    days = WorkDay.objects.filter(project=project).aggregate(judgements=Sum("judgements"), skips=Sum("skips"))
    assert days["judgements"] == Judgement.objects.current().filter(project=project).count()
    skipped = Assignment.objects.filter(project=project, state=Assignment.State.SKIPPED).count()
    assert days["skips"] == skipped > 0
    held = Assignment.objects.live().values("person").annotate(number=Count("pk"))
    assert not held.filter(number__gt=leases.MAX_LIVE + 1).exists(), "tasks were hoarded"  # one of them undone


def nothing_is_hidden(project: Project) -> None:
    """Whoever is told that nothing is left has met every open task: none lies behind their position unseen."""
    Assignment.objects.live().update(expires_at=F("leased_at"))
    leases.expire_overdue()
    for person in Person.objects.filter(memberships__project=project, memberships__role=Role.ANNOTATOR)[:6]:
        with suppress(leases.NothingLeft):
            while True:
                leases.skip(assignment=leases.lease_next(person=person, project=project))
        unmet = Task.objects.filter(project=project, taken__lt=F("overlap")).exclude(assignments__person=person)
        assert not unmet.exclude(author_ids__contains=[person.pk]).exists(), "an open task is hidden from somebody"


@pytest.mark.django_db(transaction=True)
def test_one_submission_from_many_tabs_is_one_judgement(
    project: Project, annotator: Person, fill: Callable[[int], None]
) -> None:
    fill(1)
    given = leases.lease_next(person=annotator, project=project)
    verdict = judging.Verdict(judging.overall([[sample] for sample in given.shown]))
    start, written = threading.Barrier(6), []

    def tab() -> None:
        try:
            start.wait()
            written.append(judging.submit(assignment=given, verdict=verdict).pk)
        finally:
            connection.close()

    tabs = [threading.Thread(target=tab) for _ in range(6)]
    for each in tabs:
        each.start()
    for each in tabs:
        each.join()
    assert len(written) == 6
    assert len(set(written)) == Judgement.objects.count() == 1
