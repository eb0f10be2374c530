"""What a query would find, before anything is frozen: exact where that is quick, else estimated, and never long.

The first groups come through the same code that freezes them, for a moment at most. Where that was all there is, the
counts are exact; else the database counts the rest, for some moments at most, and the pairs are estimated.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from annotation.models import Project
from exports import statements
from exports.arriving import Arriving
from exports.formats.pairs import pairs
from exports.mixing import mixed
from exports.plan import Plan, plan
from exports.query import Query
from exports.record import Record
from exports.records import consistent_view, values
from exports.selection import Selection

MOST = 500  # groups that are looked at one by one
MOMENT_S = 0.8
PATIENCE_MS = 1_500  # of the database, a statement

EXACT, ABOUT, AT_LEAST = "exact", "about", "at_least"

COUNT = """
SELECT count(DISTINCT task.prompt_id), count(DISTINCT task.id), count(*)
  FROM (SELECT task.id, task.prompt_id, task.kind, asked.criterion FROM {tasks}) task
  JOIN annotation_judgement judgement ON judgement.task_id = task.id AND judgement.is_current
  JOIN annotation_person person ON person.id = judgement.person_id
 WHERE (task.kind <> 'rank' OR judgement.all_bad OR EXISTS (
       SELECT FROM annotation_ranking ranking
        WHERE ranking.judgement_id = judgement.id AND ranking.criterion = task.criterion)) {made_here}
"""


@dataclass(frozen=True)
class Found:
    """How many of each. `certainty`: `exact`, `about` (estimated) or `at_least` (it would take too long to tell)."""

    prompts: int
    groups: int
    judgements: int
    pairs: int
    certainty: str


def preview(project: Project, query: Query) -> Found:
    """What the query would find now; it takes some three seconds at most. Raises `Unreadable`.

    Of judged groups alone: edits, demonstrations and prompts without judgements are not counted.
    """
    asked = plan(query, project)
    sample = _Sample(asked)
    try:
        with _patient_view() as view:
            asked = mixed(view, asked)
            sample.take(Arriving(view, asked).judged())
        if sample.is_all:
            return sample.found
        with _patient_view() as view:  # another one, which plans for all rows
            return _estimate(view, asked, sample)
    except OperationalError:  # the database's patience is over
        return replace(sample.found, certainty=AT_LEAST)


@contextmanager
def _patient_view() -> Iterator[BaseDatabaseWrapper]:
    with consistent_view() as view:
        with view.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
        yield view


class _Sample:
    """The first groups, as far as a moment reaches."""

    def __init__(self, asked: Plan):
        self._selection, self._options = Selection(asked.query), asked.options
        self._prompts: set[str] = set()
        self.groups = self.judgements = self.pairs = self.seen = 0
        self.is_all = False

    def take(self, found: Iterator[Record]) -> None:
        ends = time.monotonic() + MOMENT_S
        with closing(found):  # type: ignore[type-var]
            for record in self._selection.kept(self._counted(found)):
                self.groups += 1
                self.judgements += len(record.verdicts)
                self.pairs += sum(1 for _ in pairs(record, self._options))
                self._prompts.add(record.prompt_id)
                if self.seen >= MOST or time.monotonic() > ends:
                    return
        self.is_all = True

    def _counted(self, found: Iterator[Record]) -> Iterator[Record]:
        for record in found:
            self.seen += 1
            yield record

    @property
    def found(self) -> Found:
        return Found(len(self._prompts), self.groups, self.judgements, self.pairs, EXACT)


def _estimate(view: BaseDatabaseWrapper, asked: Plan, sample: _Sample) -> Found:
    """From what the database counts, and what share of the groups that were looked at the query keeps."""
    if asked.bounds:  # of mixed projects the database cannot tell which families are in
        return replace(sample.found, certainty=AT_LEAST)
    sql = COUNT.format(tasks=statements.tasks(asked.query.gold), made_here=statements.MADE_HERE)
    with view.cursor() as cursor:
        cursor.execute(sql, values(asked))
        prompts, groups, judgements = cursor.fetchone()
    kept = sample.groups / max(1, sample.seen)
    a_group = sample.pairs / max(1, sample.groups)
    return Found(
        prompts=round(kept * prompts),
        groups=round(kept * groups),
        judgements=round(kept * judgements),
        pairs=round(kept * groups * a_group),
        certainty=ABOUT,
    )
