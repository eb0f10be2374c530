"""A format straight out of the database, without a snapshot: for small or live reads.

The first rows come at once, whatever the size of the project, since all is read in an order that an index gives
(arrival.py); a snapshot has the data's own order instead. Nothing is promised about what a later read will bring.
"""

from collections.abc import Iterator
from dataclasses import replace

from annotation.models import Project
from annotation.splitting import split_of
from exports.arriving import Arriving
from exports.formats import FORMATS, Reads
from exports.formats.oasst import trees
from exports.lines import dump, escaped
from exports.mixing import mixed_at_once
from exports.plan import Plan, phase_of, plan
from exports.query import Query
from exports.record import Record
from exports.records import consistent_view
from exports.reliability import weighed
from exports.selection import Selection

FIRST, LATER = 1 << 12, 1 << 16  # bytes at least: little is waited for at first


def stream(project: Project, query: Query, name: str, split: str | None = None) -> Iterator[bytes]:
    """JSON lines of the format `name` as blocks of whole lines, of one split or of all. Raises `Unreadable`.

    Memory stays flat; the database's connection is given back at the end, and when the reader goes away. Who may read
    what has been checked before (`plan.check_readable`).
    """
    asked = plan(replace(query, formats=(name,)), project)
    return _blocks(_lines(asked, name, split))


def _blocks(lines: Iterator[bytes]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size, enough = 0, FIRST
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= enough:
            yield escaped(b"".join(waiting))
            waiting, size, enough = [], 0, LATER
    if waiting:
        yield escaped(b"".join(waiting))


def _lines(asked: Plan, name: str, split: str | None) -> Iterator[bytes]:
    form = FORMATS[name]
    with consistent_view() as view:
        asked = weighed(view, mixed_at_once(view, asked))
        came = Arriving(view, asked, lambda family: _is_wanted(family, asked, name, split))
        if form.reads == Reads.TREES:
            for found in came.families():
                yield from map(dump, trees(found))
            return
        for record in _records(came, asked.query, form.reads):
            yield from map(dump, form.rows(record, asked.options))


def _records(came: Arriving, query: Query, reads: Reads) -> Iterator[Record]:
    if reads == Reads.PROMPTS:
        yield from came.prompts()
        return
    if reads == Reads.ANSWERS and query.best_of is not None:
        yield from came.scored()
    elif reads == Reads.JUDGED or query.demonstrations != "only":
        yield from Selection(query).kept(came.judged())
    if reads == Reads.JUDGED:
        yield from Selection(query).kept(came.edits())
    if reads == Reads.ANSWERS and query.demonstrations != "out":
        yield from came.written()


def _is_wanted(family: str, asked: Plan, name: str, split: str | None) -> bool:
    """Whether the family is on the side of the split, and for the phase, that is read."""
    query, phase = asked.query, FORMATS[name].phase
    if split is not None and split_of(family, query.seed, query.fractions) != split:
        return False
    return query.phases is None or phase is None or phase_of(family, query) == phase.value
