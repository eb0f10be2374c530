"""Who is forgotten in the middle of their work: slots stay counted, and nobody waits for each other for ever."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from annotation import assignment as leases
from annotation import judging
from annotation.forgetting import forget
from annotation.models import Assignment, Judgement, Person, Project, Task

WAITING = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"


def wait_until_somebody_waits() -> None:
    ends = time.monotonic() + 15
    with connection.cursor() as cursor:
        while time.monotonic() < ends:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_it_works_for_somebody_who_is_just_submitting(
    project: Project, annotator: Person, fill: Callable[[int], None]
) -> None:
    fill(1)
    given = leases.lease_next(person=annotator, project=project)
    locked = threading.Event()

    def submit() -> None:
        try:
            with transaction.atomic():
                Assignment.objects.select_for_update().get(pk=given.pk)
                locked.set()
                wait_until_somebody_waits()
                judging.submit(assignment=given, verdict=judging.Verdict(judging.overall([[s] for s in given.shown])))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        submitting = pool.submit(submit)
        assert locked.wait(timeout=15)
        assert forget(person=annotator, project=project).judgements == 1
        submitting.result()
    assert Task.objects.values_list("taken", "judged").get() == (0, 0)
    assert not Judgement.objects.exists()
