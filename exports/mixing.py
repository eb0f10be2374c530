"""Several projects in given proportions: which of each one's prompt families are taken."""

from collections.abc import Iterator
from dataclasses import replace

from django.db.backends.base.base import BaseDatabaseWrapper

from annotation.splitting import place
from exports import statements
from exports.plan import Plan, mix_seed
from exports.records import rows


def mixed(view: BaseDatabaseWrapper, plan: Plan) -> Plan:
    """The plan with its bounds: as many tasks as there are, so that projects stand to each other as their weights.

    A family is in or out by a hash of its name and the seed, whole; so the proportions are met up to one family.
    """
    if len(plan.sources) < 2:
        return plan
    places: dict[int, list[tuple[float, int]]] = {project: [] for project in plan.project_ids}
    for project, family, tasks in _families(view, plan):
        places[project].append((place(family, mix_seed(plan.query)), tasks))
    shares = _wanted(plan, {project: sum(tasks for _, tasks in found) for project, found in places.items()})
    return replace(plan, bounds={p: _bound(sorted(found), shares[p]) for p, found in places.items()})


def _wanted(plan: Plan, most: dict[int, int]) -> dict[int, float]:
    """How many tasks to take of each project, of so many that each has: the scarcest, by its weight, is taken whole."""
    weight = {source.project.pk: source.weight for source in plan.sources}
    unit = min((most[project] / weight[project] for project in most if most[project]), default=0.0)
    return {project: unit * weight[project] for project in most}


COUNTED = 20_000  # judgements: more of a project are not counted while a reader waits


def mixed_at_once(view: BaseDatabaseWrapper, plan: Plan) -> Plan:
    """The same for a stream. Where a project is too large to be counted at once, by judgements instead of tasks and by
    the database's estimate of how many there are, so that the proportions are met about."""
    if len(plan.sources) < 2:
        return plan
    most = {project: _about(view, project) for project in plan.project_ids}
    if max(most.values()) <= COUNTED:
        return mixed(view, plan)
    shares = _wanted(plan, most)
    return replace(plan, bounds={p: min(1.0, shares[p] / most[p]) if most[p] else 1.0 for p in most})


CURRENT = "SELECT FROM annotation_judgement WHERE project_id = %(project)s AND is_current"


def _about(view: BaseDatabaseWrapper, project: int) -> int:
    """How many current judgements the project has; estimated, where it is more than `COUNTED`."""
    with view.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({CURRENT} LIMIT {COUNTED + 1}) counted", {"project": project})
        counted = int(cursor.fetchone()[0])
        if counted <= COUNTED:
            return counted
        cursor.execute(f"EXPLAIN (FORMAT JSON) {CURRENT}", {"project": project})
        return max(counted, int(cursor.fetchone()[0][0]["Plan"]["Plan Rows"]))


def _families(view: BaseDatabaseWrapper, plan: Plan) -> Iterator[tuple[int, str, int]]:
    return rows(view, statements.families(plan.query.gold), plan)


def _bound(places: list[tuple[float, int]], wanted: float) -> float:
    """The place below which families hold about `wanted` tasks."""
    taken = 0
    for at, tasks in places:
        if taken + tasks / 2 > wanted:
            return at
        taken += tasks
    return 1.0
