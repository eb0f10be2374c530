"""What PostgreSQL does for the hot statements, written to docs/queue-plans.md. No table that grows is read whole."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from tests.load import installation

if TYPE_CHECKING:
    from annotation.models import Person, Project

BIG = {"annotation_task", "annotation_assignment", "annotation_judgement", "annotation_prompt", "annotation_sample"}
FILE = installation.ROOT / "docs" / "queue-plans.md"
INTRODUCTION = """# Plans of the queue's statements

Written by `manage.py bench queue_plans`: `EXPLAIN (ANALYZE, BUFFERS)` of what an annotator's calls run, by the plan
that all calls share, among {tasks:,} open tasks, for a person who has judged {judged:,} of them that stay open for
others. What is read from end to end are results of earlier parts of the same statement, and tables of a few rows.
"""


def filled(tasks: int, judged: int) -> tuple["Project", "Person"]:
    from tests.load import bulk

    project = installation.project("plans", overlap=3)
    lane = bulk.tasks(project, tasks)
    (veteran, _), *others = installation.people(project, 20)
    bulk.has_judged(veteran, lane, judged)
    for person, _ in others:
        bulk.has_judged(person, lane, 100)
    installation.settled()
    return project, veteran


def statements(project: "Project", person: "Person") -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Title, SQL and values of what one round of the person's work runs; the round itself is taken back."""
    from django.db import transaction

    from annotation import assignment as leases
    from annotation import lookups, queue
    from tests.load import timing

    with recorded() as ran:
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
    yield "The last look, from the start", queue.LEASE_FROM_START, holding
    yield "The assignment that is judged", *own
    yield "The judgement", *judgement


@contextmanager
def recorded() -> Iterator[list[tuple[str, Mapping[str, Any]]]]:
    """The statements that run meanwhile."""
    from annotation import statements as hot

    ran: list[tuple[str, Mapping[str, Any]]] = []
    execute = hot._execute

    def noted(raw: Any, sql: str, values: Mapping[str, Any]) -> Any:
        ran.append((sql, values))
        return execute(raw, sql, values)

    with patch.object(hot, "_execute", noted):
        yield ran


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.queue_plans")
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--judged", type=int, default=100_000)
    given = parser.parse_args(arguments)
    written = [INTRODUCTION.format(tasks=given.tasks, judged=given.judged)]
    with installation.database():
        from tests.load import plans

        for title, sql, values in statements(*filled(given.tasks, given.judged)):
            plan = plans.analysed(sql, values)
            if whole := plans.scanned_in(plan) & BIG:
                sys.exit(f"{title}: {', '.join(sorted(whole))} is read from end to end.\n{plan}")
            print(title, plan.rpartition("Execution Time")[2])
            written.append(f"## {title}\n\n```\n{plan}\n```\n")
    FILE.write_text("\n".join(written))


if __name__ == "__main__":
    main()
