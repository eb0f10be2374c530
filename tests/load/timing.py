"""How long the queue takes to hand out a task, in this process: the statement, its round trip and the reading."""

import time
from collections.abc import Sequence

from annotation import assignment as leases
from annotation import judging
from annotation.models import Assignment, Person, Project


def next_task(project: Project, person: Person) -> float:
    """Milliseconds until the person has their next task; it is judged afterwards, outside of the clock."""
    began = time.perf_counter()
    given = leases.lease_next(person=person, project=project)
    took = (time.perf_counter() - began) * 1000
    judge(given)
    return took


def judge(given: Assignment) -> None:
    judging.submit(assignment=given, verdict=judging.Verdict(judging.overall([[sample] for sample in given.shown])))


def percentiles(took: Sequence[float]) -> dict[str, float]:
    ordered = sorted(took)
    return {name: round(ordered[int(len(ordered) * share)], 2) for name, share in
            (("p10", 0.1), ("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}  # fmt: skip
