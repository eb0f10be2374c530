"""What PostgreSQL does for the hot statements, written to docs/queue-plans.md. No table that grows is read whole."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

from tests.load import installation

if TYPE_CHECKING:
    from annotation.models import Person, Project

BIG = {"annotation_task", "annotation_assignment", "annotation_judgement", "annotation_prompt", "annotation_sample"}
FILE = installation.ROOT / "docs" / "queue-plans.md"
INTRODUCTION = """# Plans of the queue's statements

Written by `manage.py bench queue_plans`: `EXPLAIN (ANALYZE, BUFFERS)` of what an annotator's calls run, by the plan
that all calls share, among {tasks:,} open tasks, for a person who has judged {judged:,} of them that stay open for
others; the quickest of three runs. What is read from end to end are results of earlier parts of the same statement, and
tables of a few rows. The last looks are those of a person for whom nothing is left of {judged:,} open tasks.
"""


def filled(tasks: int, judged: int) -> tuple["Project", "Project", "Person"]:
    """A project with much left for the person, and one in which they are through."""
    from tests.load import bulk

    project, through = (installation.project(slug, overlap=3) for slug in ("plans", "through"))
    lane = bulk.tasks(project, tasks)
    (veteran, _), *others = installation.people(project, 20)
    bulk.has_judged(veteran, lane, judged)
    for person, _ in others:
        bulk.has_judged(person, lane, 100)
    through.memberships.create(person=veteran, role="annotator")
    bulk.has_judged(veteran, bulk.tasks(through, judged), judged)
    installation.settled()
    return project, through, veteran


def statements(project: "Project", person: "Person") -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Title, SQL and values of what one round of the person's work runs; the round itself is taken back."""
    from django.db import transaction

    from annotation import assignment as leases
    from annotation import lookups
    from tests.load import plans, timing

    with plans.recorded() as ran:
        lookups.where_one_judges(person=person, slug=project.slug)
        given = leases.lease_next(person=person, project=project)
        lookups.own_assignment(person=person, uuid=given.pk)
        with transaction.atomic():
            timing.judge(given)
            transaction.set_rollback(True)
    (where, _lock, lease, own, judgement) = ran
    holding = {**lease[1], "holding": [given.pk]}
    yield "The project", *where
    yield "The next task", lease[0], holding
    yield "The assignment that is judged", *own
    yield "The judgement", *judgement


def last_looks(project: "Project", person: "Person") -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Of somebody for whom nothing is left: twice over all that they have done, then no more."""
    from annotation import assignment as leases
    from annotation import queue

    values = {
        "person": person.pk,
        "project": project.pk,
        "holding": [],
        "kind": "",
        "ahead": None,
        "today": queue.today(),
    }
    look = (queue.LEASE_FROM_START, {**values, "most": queue.MAX_LIVE})
    yield "The last look, from the start", *look
    for _ in range(2):
        with suppress(leases.NothingLeft):
            leases.lease_next(person=person, project=project)
    yield "The last look, from then on", *look


def took_ms(plan: str) -> float:
    return float(plan.rpartition("Execution Time: ")[2].removesuffix(" ms"))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.queue_plans")
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--judged", type=int, default=100_000)
    given = parser.parse_args(arguments)
    written = [INTRODUCTION.format(tasks=given.tasks, judged=given.judged)]
    with installation.database():
        from tests.load import plans

        project, through, person = filled(given.tasks, given.judged)
        for title, sql, values in chain(statements(project, person), last_looks(through, person)):
            plan = min((plans.analysed(sql, values) for _ in range(3)), key=took_ms)
            if whole := plans.scanned_in(plan) & BIG:
                sys.exit(f"{title}: {', '.join(sorted(whole))} is read from end to end.\n{plan}")
            print(f"{title}: {took_ms(plan)} ms")
            written.append(f"## {title}\n\n```\n{plan}\n```\n")
    FILE.write_text("\n".join(written))


if __name__ == "__main__":
    main()
