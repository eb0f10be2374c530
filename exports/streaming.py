"""A format straight out of the database, without a snapshot: for small or live reads.

The first rows come at once, since tasks are read in the order in which they came, which an index gives; a snapshot has
the data's own order instead. Nothing is promised about what a later read will bring.
"""

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

from annotation.models import Project
from annotation.splitting import split_of
from exports import records as streams
from exports import statements
from exports.formats import FORMATS, Reads
from exports.formats.oasst import trees
from exports.lines import dump, escaped
from exports.mixing import mixed
from exports.plan import Plan, phase_of, plan
from exports.query import Query
from exports.record import Record
from exports.records import consistent_view
from exports.reliability import weighed
from exports.selection import Selection
from exports.writing import families

FIRST, LATER = 1 << 12, 1 << 16  # bytes at least: little is waited for at first

# The planner is to prefer what gives the first rows soon over what gives the last one soonest, which would be to sort
# or hash all. Without the second setting it may read a whole table over and over for that.
PLANNING = "SET LOCAL cursor_tuple_fraction = 0.0001; SET LOCAL enable_material = off"


def stream(project: Project, query: Query, name: str, split: str | None = None) -> Iterator[bytes]:
    """JSON lines of the format `name` as blocks of whole lines, of one split or of all. Raises `Unreadable`.

    Memory stays flat; the database's connection is given back at the end, and when the reader goes away. Who may read
    what has been checked before (`plan.check_readable`).
    """
    asked = plan(query, project)
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
        asked = weighed(view, mixed(view, asked))
        with view.cursor() as cursor:
            cursor.execute(PLANNING)
        if form.reads == Reads.TREES:
            for family, found in families(view, asked, streams.Cast()):
                if _wanted(family, asked, name, split):
                    yield from map(dump, trees(found))
            return
        for record in _records(view, asked, form.reads):
            if _wanted(record.family, asked, name, split):
                yield from map(dump, form.rows(record, asked.options))


def _records(view: BaseDatabaseWrapper, asked: Plan, reads: Reads) -> Iterator[Record]:
    if reads == Reads.PROMPTS:
        yield from streams.prompts(view, asked)
        return
    if reads == Reads.ANSWERS and asked.query.best_of is not None:
        yield from streams.scored(view, asked)
    elif reads == Reads.JUDGED or asked.query.demonstrations != "only":
        yield from Selection(asked.query).kept(streams.records(view, asked, order=statements.BY_ARRIVAL))
    if reads == Reads.JUDGED:
        yield from Selection(asked.query).kept(streams.edits(view, asked, streams.Cast()))
    if reads == Reads.ANSWERS and asked.query.demonstrations != "out":
        yield from streams.written(view, asked)


def _wanted(family: str, asked: Plan, name: str, split: str | None) -> bool:
    """Whether the family is on the side of the split, and for the phase, that is read."""
    query, phase = asked.query, FORMATS[name].phase
    if split is not None and split_of(family, query.seed, query.fractions) != split:
        return False
    return query.phases is None or phase is None or phase_of(family, query) == phase.value
