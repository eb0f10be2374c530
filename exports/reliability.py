"""How far each person's votes count: their agreement with the others who judged the same."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import groupby
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from exports import statements
from exports.plan import Plan
from exports.records import rows

Order = dict[int, int]  # sample → rank


def weighed(view: BaseDatabaseWrapper, plan: Plan) -> Plan:
    """The plan with people's weights, where the query wants them.

    A weight is the share of strict pairs on which the person agrees with each other judge of the same task, drawn
    towards a half by one pair each way (Laplace), so that who was compared little is neither trusted nor thrown away.
    In exact arithmetic: the same on every machine, in whatever order votes come.
    """
    if not plan.query.reliability:
        return plan
    alike: Counter[int] = Counter()
    compared: Counter[int] = Counter()
    for orders in _tasks(view, plan):
        for person, order in orders:
            for other, its in orders:
                if other != person:
                    same, all_ = agreement(order, its)
                    alike[person] += same
                    compared[person] += all_
    return replace(plan, weights={p: Fraction(alike[p] + 1, n + 2) for p, n in compared.items()})


def agreement(one: Order, other: Order) -> tuple[int, int]:
    """`(pairs ordered alike, pairs that both order strictly)`."""
    shared = [sample for sample in one if sample in other]
    alike = total = 0
    for n, first in enumerate(shared):
        for second in shared[n + 1 :]:
            ours, theirs = one[first] - one[second], other[first] - other[second]
            total += bool(ours and theirs)
            alike += ours * theirs > 0
    return alike, total


def _tasks(view: BaseDatabaseWrapper, plan: Plan) -> Iterator[list[tuple[int, Order]]]:
    found: Iterator[tuple[Any, ...]] = rows(view, statements.votes(plan.query.gold), plan)
    for _, votes in groupby(found, key=lambda row: row[0]):
        yield [(person, dict(zip(samples, ranks, strict=True))) for _, person, samples, ranks in votes]
