"""A plan's records → the files of its formats, in one folder."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext_noop

from annotation.splitting import SPLITS, split_of
from exports import records as streams
from exports import statements
from exports.disk import Background, Facts
from exports.formats import FORMATS, Reads
from exports.formats.oasst import Family, trees
from exports.kinds import PARQUET
from exports.plan import Plan, phase_of
from exports.record import Record
from exports.selection import Selection
from exports.statistics import Statistics
from exports.tables import Table

REPORT_EVERY = 200  # records

Report = Callable[[int, int, str], None]


@dataclass
class Written:
    """What lies in the folder now."""

    files: dict[str, Facts]
    statistics: Statistics
    left_out: Counter[str]


class Writing:
    """Every record goes to the tables of those formats that read its kind, on its family's side of the split."""

    def __init__(self, folder: Path, plan: Plan, view: BaseDatabaseWrapper, report: Report, stack: ExitStack):
        self.plan, self.view, self.report = plan, view, report
        self.selection = Selection(plan.query)
        self.statistics = Statistics()
        self.cast = streams.Cast()
        # pyarrow keeps memory by thread: one for Parquet.
        background = stack.enter_context(Background(1 if PARQUET in (plan.query.files or ()) else None))
        self._tables: dict[tuple[str, str], Table] = {
            (name, split): stack.enter_context(Table(name, split, folder, plan.query, plan.options, background))
            for name in plan.query.formats
            for split in SPLITS
        }
        self._routes: dict[Any, list[Table]] = {}

    def all(self) -> Written:
        """Read everything once for each kind of source that the formats read, and write it."""
        self._judged()
        self._edits()
        if Reads.ANSWERS in self.plan.reads:
            self._answers()
        if Reads.PROMPTS in self.plan.reads:
            self._stream(streams.prompts(self.view, self.plan), Reads.PROMPTS)
        if Reads.TREES in self.plan.reads:
            self._trees()
        return Written(self._finished(), self.statistics, self.selection.left_out)

    def _judged(self) -> None:
        """Judged tasks, which the statistics are of, whichever formats are written."""
        query, done = self.plan.query, 0
        people = query.best_of is None and query.demonstrations != "only"
        reads = {Reads.JUDGED} | ({Reads.ANSWERS} if people else set())
        total = streams.count(self.view, self.plan)
        found = streams.records(self.view, self.plan, self.cast)
        for number, record in enumerate(self.selection.kept(found)):
            if number % REPORT_EVERY == 0:
                self.report(done, max(done, total), gettext_noop("writing"))
            split = split_of(record.family, query.seed, query.fractions)
            self.statistics.add(split, record)
            for table in self._route(record.family, split, reads):
                table.add(record)
            done += len(record.verdicts)
        self.report(done, done, gettext_noop("writing"))

    def _edits(self) -> None:
        """Pairs alone: as answers to learn from they come with all that people wrote."""
        query = self.plan.query
        for record in self.selection.kept(streams.edits(self.view, self.plan, self.cast)):
            split = split_of(record.family, query.seed, query.fractions)
            self.statistics.add(split, record)
            for table in self._route(record.family, split, {Reads.JUDGED}):
                table.add(record)

    def _answers(self) -> None:
        if self.plan.query.best_of is not None:
            self._stream(streams.scored(self.view, self.plan), Reads.ANSWERS)
        if self.plan.query.demonstrations != "out":
            self._stream(streams.written(self.view, self.plan), Reads.ANSWERS)

    def _stream(self, found: Iterator[Record], read: Reads) -> None:
        query, done = self.plan.query, 0
        for number, record in enumerate(found):
            if number % REPORT_EVERY == 0:
                self.report(number, 0, read.value)
            split = split_of(record.family, query.seed, query.fractions)
            for table in self._route(record.family, split, {read}):
                table.add(record)
        self.report(done, done, read.value)

    def _trees(self) -> None:
        query = self.plan.query
        for number, (name, family) in enumerate(families(self.view, self.plan, self.cast)):
            if number % REPORT_EVERY == 0:
                self.report(number, 0, Reads.TREES.value)
            split = split_of(name, query.seed, query.fractions)
            for table in self._route(name, split, {Reads.TREES}):
                table.extend(trees(family))

    def _route(self, family: str, split: str, reads: set[Reads]) -> list[Table]:
        """The tables that want a record of this family: those of its split, and of its phase where there are any."""
        phase = phase_of(family, self.plan.query) if self.plan.query.phases else None
        key = split, phase, *sorted(read.value for read in reads)
        if key not in self._routes:
            wanted = [(name, f) for name, f in FORMATS.items() if name in self.plan.query.formats and f.reads in reads]
            self._routes[key] = [
                self._tables[name, split]
                for name, form in wanted
                if phase is None or form.phase is None or form.phase.value == phase
            ]
        return self._routes[key]

    def _finished(self) -> dict[str, Facts]:
        files: dict[str, Facts] = {}
        for done, table in enumerate(self._tables.values()):
            self.report(done, len(self._tables), gettext_noop("saving"))
            files |= table.finish()
        return dict(sorted(files.items()))


def write(folder: Path, plan: Plan, view: BaseDatabaseWrapper, report: Report) -> Written:
    """Write the files of all formats below `folder`, and see them onto the disk."""
    with ExitStack() as stack:
        return Writing(folder, plan, view, report, stack).all()


def families(
    view: BaseDatabaseWrapper, plan: Plan, cast: streams.Cast, among: list[str] | None = None
) -> Iterator[tuple[str, Family]]:
    """Families in the order of their names, each with its imported trees and its judged records; `among`: only these.

    Where the query is for a part of the judgements, trees without any of these stay out.
    """
    planted = groupby(streams.rows(view, statements.TREES, plan, families=among), key=lambda row: row[0])
    wanted = streams.records(view, plan, cast, order=statements.BY_FAMILY, families=among)
    found = Selection(plan.query).kept(wanted)
    judged = groupby(found, key=lambda record: record.family)
    everything = is_whole(plan)
    for name, rows, records in _merged(planted, judged):
        if records or everything:
            yield name, Family([orjson.loads(body) for _, body in rows], records)


def is_whole(plan: Plan) -> bool:
    query = plan.query
    parts = (query.languages, query.categories, query.since, query.until, query.people, query.without)
    rules = (query.machines, query.unsafe, query.gold) == ("in", "in", "out") and not query.min_agreement
    return rules and not any(parts) and not plan.bounds


def _merged(planted: Any, judged: Any) -> Iterator[tuple[str, list[Any], list[Record]]]:
    """Two sorted streams of `(name, items)` as one of `(name, planted items, judged items)`."""
    end: tuple[None, tuple[()]] = (None, ())
    tree, group = next(planted, end), next(judged, end)
    while tree[0] is not None or group[0] is not None:
        name = min((name for name in (tree[0], group[0]) if name is not None), key=str.encode)
        rows = list(tree[1]) if tree[0] == name else []
        records = list(group[1]) if group[0] == name else []
        yield name, rows, records
        tree = next(planted, end) if tree[0] == name else tree
        group = next(judged, end) if group[0] == name else group
