"""How well people do on tasks whose right order is known."""

from collections.abc import Mapping, Sequence

from django.db.models import F, Q

from annotation import questions
from annotation.models import Gold, Judgement, Lane, Project, Ranking
from annotation.quality.said import Ranks, concord, pairs, relation
from annotation.quality.shares import Tally

ANSWERS = 200  # newest judgements a gold that its figures are of


def score(gold: Ranks, ranks: Ranks) -> float | None:
    """The share, 0 to 1, of the gold order's strict pairs that `ranks` orders alike: a tie counts half.

    A pair that was left unranked counts nothing. Pairs that tie in gold ask nothing; None where all do.
    """
    asked = [(one, two, right) for one, two in pairs(sorted(gold)) if (right := relation(gold, one, two))]
    if not asked:
        return None
    given = [(relation(ranks, one, two), right) for one, two, right in asked]
    return sum(0.0 if said is None else concord(said, right) for said, right in given) / len(asked)


def scored(gold: Ranks, orders: Mapping[str, Ranks], criterion: str) -> float | None:
    """Of somebody's whole judgement: no order by the criterion (all bad) orders nothing."""
    return score(gold, orders.get(criterion, {}))


def tallies(project: Project, golds: Sequence[Gold]) -> dict[int, Tally]:
    """By task, how right people are on each of some golds: of the newest `ANSWERS` judgements made since it is one."""
    main = questions.criterion(project)
    found = {gold.task_id: Tally() for gold in golds}
    right = {gold.task_id: _ranks(gold) for gold in golds}
    explained = Q(task__lane__purpose=Lane.Purpose.QUALIFICATION)  # there counts what was said first
    counted = (explained & Q(revision=1)) | (~explained & Q(is_current=True))
    said = Judgement.objects.filter(counted, task__in=found, created_at__gte=F("task__gold__created_at"))
    for judgement in said.prefetch_related("rankings").order_by("-pk")[: ANSWERS * len(found)]:
        if found[judgement.task_id].n < ANSWERS:
            orders = {r.criterion: _ranks(r) for r in judgement.rankings.all()}
            found[judgement.task_id].add(scored(right[judgement.task_id], orders, main) or 0.0)
    return found


def _ranks(order: Gold | Ranking) -> Ranks:
    return dict(zip(order.sample_ids, order.ranks, strict=True))
