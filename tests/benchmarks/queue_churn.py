"""The queue after an hour's worth of work, with the dead rows that this leaves, beside the queue before it.

An hour of 200 annotators who take ten seconds each: 72,000 tasks are judged, some skipped, some left until they expire.
It is worked off as fast as it goes, so autovacuum has less time than it would have.
"""

import argparse
import json
import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tests.load import installation

if TYPE_CHECKING:
    from annotation.models import Person, Project

DEAD = "SELECT relname, n_live_tup, n_dead_tup, autovacuum_count FROM pg_stat_user_tables WHERE relname = ANY(%s)"
HOT = ["annotation_task", "annotation_assignment", "annotation_queueposition", "annotation_workday"]


def measured(project: "Project", calls: int, name: str) -> dict[str, Any]:
    """Newcomers' first tasks, who start where the dead rows are, and one person's tasks in a row."""
    from tests.load import timing

    (regular, _), *newcomers = installation.people(project, calls + 1, prefix=name)
    for _ in range(10):
        timing.next_task(project, regular)
    first, later = [], []
    for newcomer, _ in newcomers:
        first.append(timing.next_task(project, newcomer))
        later.append(timing.next_task(project, regular))
    return {"when": name, "newcomer": timing.percentiles(first), "regular": timing.percentiles(later)}


def churn(project: "Project", people: "Sequence[Person]", cycles: int) -> None:
    from annotation import assignment as leases
    from tests.load import bulk, timing

    dice = random.Random(0)
    for number in range(cycles):
        who, fate = people[number % len(people)], dice.random()
        if fate < 0.9:
            timing.next_task(project, who)
        elif fate < 0.95:
            leases.skip(assignment=leases.lease_next(person=who, project=project), reason="churn")
        else:
            leases.lease_next(person=who, project=project)
        if number % 500 == 499:
            bulk.expire_some(project, 500)
            leases.expire_overdue()


def dead_rows() -> dict[str, Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(DEAD, [HOT])
        return {name: {"live": live, "dead": dead, "vacuumed": times} for name, live, dead, times in cursor.fetchall()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.queue_churn")
    parser.add_argument("--tasks", type=int, default=200_000)
    parser.add_argument("--cycles", type=int, default=72_000)
    parser.add_argument("--calls", type=int, default=400)
    given = parser.parse_args(arguments)
    with installation.database():
        from tests.load import bulk

        project = installation.project("churn")
        bulk.tasks(project, given.tasks)
        people = [person for person, _ in installation.people(project, 200)]
        installation.settled()
        before = measured(project, given.calls, "before")
        began = time.monotonic()
        churn(project, people, given.cycles)
        minutes, rows = (time.monotonic() - began) / 60, dead_rows()
        after = measured(project, given.calls, "after")
    print("| | newcomer p50 ms | p95 | p99 | regular p50 ms | p95 | p99 |\n|---|---|---|---|---|---|---|")
    for run in (before, after):
        cells = [run[who][q] for who in ("newcomer", "regular") for q in ("p50", "p95", "p99")]
        print(f"| {run['when']} | " + " | ".join(map(str, cells)) + " |")
    print(f"{given.cycles:,} tasks in {minutes:.1f} minutes; rows then: {rows}")
    print(json.dumps({"before": before, "after": after, "rows": rows}))


if __name__ == "__main__":
    main()
