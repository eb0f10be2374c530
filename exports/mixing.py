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
    weight = {source.project.pk: source.weight for source in plan.sources}
    most = {project: sum(tasks for _, tasks in found) for project, found in places.items()}
    # The scarcest project, measured by its weight, is taken whole.
    unit = min((most[project] / weight[project] for project in most if most[project]), default=0.0)
    return replace(plan, bounds={p: _bound(sorted(found), unit * weight[p]) for p, found in places.items()})


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
