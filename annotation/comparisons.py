"""Rankings → weighted pairs, streamed: what the reward model learns from.

A weak order over K samples says, of each two that were both ranked, which is better or that neither is. Several
people's orders of one task become one group: a pair's probability is the weighted mean of the votes. Unranked samples
are in no pair: that somebody gave no rank is not a preference.

**Weights.** The trainer takes the mean over a group's pairs, as InstructGPT does (eq. 1, Ouyang et al. 2022). A vote
weighs (pairs of the group) / (pairs of that judgement), so that in this mean each judgement counts 1, whether it ranks
all samples or only some: with full rankings a pair's weight is simply the number of people who judged it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

import orjson
from django.db import connection

from annotation.models import Project
from annotation.models.judgement import OVERALL
from annotation.questions import criterion

CHUNK = 200  # groups a fetch: a few MB of text at most


@dataclass(frozen=True, slots=True)
class Pair:
    """`probability` that `first` is better than `second` (½: a tie), counted `weight` times."""

    first: int
    second: int
    probability: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Group:
    """A ranked task: K samples of one prompt and the people's votes on them.

    `first`, `second`, `probability` and `weight` run in parallel, an entry a pair; `first[n]` and `second[n]` are
    places in `sample_ids`, whose `texts` run beside. Samples stand in the order of their texts' hashes.
    """

    task_id: int
    prompt_id: int
    content_hash: str
    family: str
    messages: list[dict[str, str]]
    sample_ids: list[int]
    texts: list[str]
    judgements: int
    first: list[int]
    second: list[int]
    probability: list[float]
    weight: list[float]


def pairs_of(sample_ids: Sequence[int], ranks: Sequence[int | None]) -> list[Pair]:
    """The pairs of one weak order: rank 0 is best, equal ranks tie, None is unranked and gives no pair."""
    ranked = [(s, r) for s, r in zip(sample_ids, ranks, strict=True) if r is not None]
    return [
        Pair(first, second, 0.5 if rank == other else float(rank < other))
        for place, (first, rank) in enumerate(ranked)
        for second, other in ranked[place + 1 :]
    ]


def strict_pairs(sample_ids: Sequence[int], ranks: Sequence[int | None]) -> list[tuple[int, int]]:
    """`(better, worse)` of one weak order, in the order of `pairs_of`; ties are left out."""
    return [
        (pair.first, pair.second) if pair.probability else (pair.second, pair.first)
        for pair in pairs_of(sample_ids, ranks)
        if pair.probability != 0.5
    ]


def pooled(orders: Iterable[Sequence[Pair]]) -> list[Pair]:
    """Several people's pairs over the same samples as one list, ordered; see the module for the weights.

    Each order names a pair in the same direction, as `pairs_of` does over one sequence of samples.
    """
    orders = [order for order in orders if order]
    votes: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for order in orders:
        for pair in order:
            votes.setdefault((pair.first, pair.second), []).append((pair.probability, 1 / len(order)))
    return [_mean(pair, cast, len(votes)) for pair, cast in sorted(votes.items())]


def _mean(pair: tuple[int, int], votes: list[tuple[float, float]], pairs: int) -> Pair:
    # fsum: the same to the last bit in whatever order the database hands out the votes.
    total = fsum(weight for _, weight in votes)
    return Pair(*pair, fsum(p * weight for p, weight in votes) / total, total * pairs)


def groups(project: Project, asked: str = OVERALL, tasks: Sequence[int] | None = None) -> Iterator[Group]:
    """All groups of the project's current judgements that hold a pair, in an order that the data alone decide.

    `asked` is the criterion; `overall` is the project's main one. With `tasks`, the groups of these alone.

    One statement behind a server-side cursor: memory stays flat. The order (of prompts' content, then samples' texts)
    is the same in any database that holds the same data, so that a training run can be repeated elsewhere.
    """
    alike: list[Group] = []  # of one prompt
    for row in _rows(project, criterion(project, asked), tasks):
        group = _group(*row)
        if alike and alike[0].prompt_id != group.prompt_id:
            yield from sorted(alike, key=lambda task: task.texts)
            alike = []
        if group.first:
            alike.append(group)
    yield from sorted(alike, key=lambda task: task.texts)


# The inner SELECT is sorted before the laterals run, so that texts are read once, in order, and never sorted.
GROUPS = """
SELECT task.id, task.prompt_id, task.hash, task.family, task.messages::text, answers.body, votes.body
  FROM (SELECT task.id, task.prompt_id, task.sample_ids, prompt.content_hash COLLATE "C" AS hash, prompt.family,
               prompt.messages
          FROM annotation_task task JOIN annotation_prompt prompt ON prompt.id = task.prompt_id
         WHERE task.project_id = %(project)s AND (%(tasks)s::bigint[] IS NULL OR task.id = ANY (%(tasks)s))
           AND EXISTS (
               SELECT FROM annotation_judgement judgement WHERE judgement.task_id = task.id AND judgement.is_current)
         ORDER BY hash, task.id) task
 CROSS JOIN LATERAL (
       SELECT json_agg(json_build_array(ranking.sample_ids, ranking.ranks))::text AS body
         FROM annotation_judgement judgement
         JOIN annotation_ranking ranking ON ranking.judgement_id = judgement.id AND ranking.criterion = %(criterion)s
        WHERE judgement.task_id = task.id AND judgement.is_current) votes
 CROSS JOIN LATERAL (
       SELECT json_agg(json_build_array(sample.id, sample.text) ORDER BY sample.text_hash COLLATE "C")::text AS body
         FROM annotation_sample sample WHERE sample.id = ANY (task.sample_ids)) answers
 WHERE votes.body IS NOT NULL
 ORDER BY task.hash, task.id
"""


def _rows(project: Project, by: str, tasks: Sequence[int] | None) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            GROUPS, {"project": project.pk, "criterion": by, "tasks": None if tasks is None else list(tasks)}
        )
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


def _group(
    task_id: int, prompt_id: int, content_hash: str, family: str, messages: str, answers: str, votes: str
) -> Group:
    samples = orjson.loads(answers)
    sample_ids = [sample_id for sample_id, _ in samples]
    orders = [dict(zip(ids, ranks, strict=True)) for ids, ranks in orjson.loads(votes)]
    places = range(len(sample_ids))
    pairs = pooled(pairs_of(places, [order.get(s) for s in sample_ids]) for order in orders)
    return Group(
        task_id=task_id,
        prompt_id=prompt_id,
        content_hash=content_hash,
        family=family,
        messages=orjson.loads(messages),
        sample_ids=sample_ids,
        texts=[text for _, text in samples],
        judgements=len(orders),
        first=[pair.first for pair in pairs],
        second=[pair.second for pair in pairs],
        probability=[pair.probability for pair in pairs],
        weight=[pair.weight for pair in pairs],
    )
