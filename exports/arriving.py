"""Records as they came in: the first at once, from the statements of arrival.py."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import orjson
from django.db.backends.base.base import BaseDatabaseWrapper

from exports import arrival
from exports import records as streams
from exports.formats.oasst import Family
from exports.plan import Plan
from exports.query import ONLY
from exports.record import ASKED, SCORED, WRITTEN, Record
from exports.statements import BARE_NAME
from exports.writing import families, is_whole

# The planner is to walk along an index, whatever it thinks of the tables: other ways look quicker to it for all rows,
# and are slow for the first. What has to be sorted or hashed (a prompt's answers) still is.
PLANNING = "; ".join(
    f"SET LOCAL {setting}"
    for setting in (
        "cursor_tuple_fraction = 0.0001",
        "enable_seqscan = off",
        "enable_bitmapscan = off",
        "enable_sort = off",
        "enable_hashjoin = off",
        "enable_hashagg = off",
        "enable_mergejoin = off",
        "enable_material = off",
        "enable_memoize = off",
        "jit = off",
        "join_collapse_limit = 12",
        "from_collapse_limit = 12",
    )
)


def plan_for_first_rows(view: BaseDatabaseWrapper) -> None:
    """For the rest of the transaction."""
    with view.cursor() as cursor:
        cursor.execute(PLANNING)


FAMILIES = 256  # read at once, after a few to begin with

PEOPLE = f"""
SELECT id FROM annotation_person person WHERE {BARE_NAME} = ANY (%(people)s::text[]) ORDER BY id
"""

Ways = list[tuple[tuple[str, str], dict[str, Any]]]


class Arriving:
    """What a plan reads, one project after the other; of those families alone that `is_wanted` wants.

    From then on, all that the view's transaction reads is planned for its first rows.
    """

    def __init__(self, view: BaseDatabaseWrapper, asked: Plan, is_wanted: Callable[[str], bool] = lambda family: True):
        self._view, self._asked, self._is_wanted = view, asked, is_wanted
        self._cast = streams.Cast()
        plan_for_first_rows(view)

    def judged(self) -> Iterator[Record]:
        for one in self._sources():
            for way, more in self._ways():
                sql = arrival.records(way, **streams.wishes(one))
                found = streams.named(self._rows(sql, one, **more), self._cast, one)
                yield from self._wanted(found)

    def edits(self) -> Iterator[Record]:
        for one in self._sources() if streams.has_edits(self._asked.query) else ():
            found = streams.edited(self._rows(arrival.EDITS, one), self._cast, one)
            yield from self._wanted(found)

    def written(self) -> Iterator[Record]:
        for one in self._sources():
            yield from self._wanted(streams.whole(self._rows(arrival.WRITTEN, one), one, WRITTEN))

    def scored(self) -> Iterator[Record]:
        for one in self._sources():
            if model := one.sources[0].model:
                found = streams.whole(self._rows(arrival.SCORED, one, model=model.pk), one, SCORED)
                yield from (streams.by_score(record, one.query.best_of) for record in self._wanted(found))

    def prompts(self) -> Iterator[Record]:
        """Every accepted prompt; one that several projects hold comes from the first of them that it is taken from."""
        for one in self._sources():
            for way, more in self._ways(of_people=False):
                found = self._rows(arrival.prompts(way), one, projects=self._asked.project_ids, **more)
                yield from self._wanted(streams.whole(self._once(found), one, ASKED))

    def _once(self, found: streams.Rows) -> streams.Rows:
        for *prompt, earlier in found:
            if not any(self._asked.is_mixed_in(*place) for place in orjson.loads(earlier or "[]")):
                yield tuple(prompt)

    def families(self) -> Iterator[Family]:
        """Families whole, of whichever projects: their imported trees and their judged records."""
        names, size = self._names(), 1
        while among := list(islice(names, size)):
            for _, family in families(self._view, self._asked, self._cast, among):
                yield family
            size = min(2 * size, FAMILIES)

    def _names(self) -> Iterator[str]:
        everything, projects = is_whole(self._asked), self._asked.project_ids
        for one in self._sources() if everything else ():
            yield from filter(self._is_wanted, _firsts(self._rows(arrival.PLANTED, one, projects=projects)))
        for one in self._sources():
            for way, more in self._ways():
                sql = arrival.families(way, gold=one.query.gold)
                found = self._rows(sql, one, projects=projects, planted=not everything, **more)
                yield from filter(self._is_wanted, _firsts(found))

    def _sources(self) -> Iterator[Plan]:
        """The plan for one project alone, of each."""
        return (replace(self._asked, sources=(source,)) for source in self._asked.sources)

    def _ways(self, *, of_people: bool = True) -> Ways:
        """Along what to walk: those of a person, a language or a category may be few and far between."""
        query = self._asked.query
        if of_people and query.people:
            with self._view.cursor() as cursor:
                cursor.execute(PEOPLE, {"people": list(query.people)})
                return [(arrival.BY_PERSON, {"person": person}) for (person,) in cursor.fetchall()]
        if of_people and query.gold == ONLY:
            return [(arrival.BY_GOLD, {})]
        if query.languages:
            return [(arrival.BY_LANGUAGE, {"language": language}) for language in query.languages]
        if query.categories:
            return [(arrival.BY_CATEGORY, {"category": category}) for category in query.categories]
        return [(arrival.BY_TIME, {})]

    def _rows(self, sql: str, one: Plan, **more: object) -> streams.Rows:
        marked, agreement = _reads_marks(one), one.query.min_agreement
        project = one.project_ids[0]
        return streams.rows(self._view, sql, one, project=project, marked=marked, min_agreement=agreement, **more)

    def _wanted(self, found: Iterator[Record]) -> Iterator[Record]:
        return (record for record in found if self._is_wanted(record.family))


def _reads_marks(one: Plan) -> bool:
    """Whether rows can come only of groups where somebody set a flag, or a category of harm, on an answer."""
    query, safer = one.query, one.sources[0].safer
    return query.unsafe == ONLY or query.formats == ("stepwise",) or (query.formats == ("safe-rlhf",) and not safer)


def _firsts(found: streams.Rows) -> Iterator[str]:
    return (name for (name,) in found)
