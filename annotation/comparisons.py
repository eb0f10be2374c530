"""Rankings → weighted pairs, streamed: what the reward model learns from.

A weak order over K samples says, of each two that were both ranked, which is better or that neither is. Several
people's orders of one task become one group: a pair's probability is the weighted mean of the votes. Unranked samples
are in no pair: that somebody gave no rank is not a preference.

**Weights.** The trainer takes the mean over a group's pairs, as InstructGPT does (eq. 1, Ouyang et al. 2022). A vote
weighs (pairs of the group) / (pairs of that judgement), so that in this mean each judgement counts 1, whether it ranks
all samples or only some: with full rankings a pair's weight is simply the number of people who judged it. Where the
caller says how far to rely on each person, each judgement counts that much instead of 1.

Judgements of gold and of qualification are in no group: people are measured on them, and they know it. Neither is a
task that a reviewer discarded; where they overruled the judges, theirs is the one order, and weighs as much as the
judgements whose place it takes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import fsum, nan
from typing import Any

import orjson
from django.db import connection

from annotation.models import Project
from annotation.models.judgement import OVERALL
from annotation.questions import Questions, criterion, of
from annotation.reviews import DISCARDED, overruled

STRONGEST = 4  # significantly better
UNSAFE = "unsafe"  # the flag of that name says it, as any category of harm does

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
    margin: list[float] = field(default_factory=list)
    """By pair, where anybody gave a strength of preference: 1 for significantly better, 2/3, 1/3, 0 for negligibly
    (Touvron et al. 2023, table 27), the mean over the people, negative where it is for the second."""
    ranks: list[list[int]] = field(default_factory=list)
    """Each person's order: a rank a sample, -1 where it was not ranked. The reviewer's alone where they overruled."""
    rank_weight: list[float] = field(default_factory=list)
    """By order: 1, or how far to rely on the person."""
    unsafe: list[float] = field(default_factory=list)
    """By sample, where the project asks: the share of people who named a category of harm or flagged it unsafe."""
    language: str = ""
    category: str = ""


@dataclass(frozen=True)
class Vote:
    """One person's judgement of a task by one criterion."""

    ranks: dict[int, int]
    """By sample; the unranked are absent."""
    weight: float
    strength: int | None
    unsafe: frozenset[int]


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
            votes.setdefault((pair.first, pair.second), []).append((pair.probability, pair.weight / len(order)))
    return [_mean(pair, cast, len(votes)) for pair, cast in sorted(votes.items())]


def _mean(pair: tuple[int, int], votes: list[tuple[float, float]], pairs: int) -> Pair:
    # fsum: the same to the last bit in whatever order the database hands out the votes.
    total = fsum(weight for _, weight in votes)
    return Pair(*pair, fsum(p * weight for p, weight in votes) / total, total * pairs)


def groups(
    project: Project,
    asked: str = OVERALL,
    tasks: Sequence[int] | None = None,
    reliance: Mapping[int, float] | None = None,
) -> Iterator[Group]:
    """All groups of the project's current judgements that hold a pair, in an order that the data alone decide.

    `asked` is the criterion; `overall` is the project's main one. With `tasks`, the groups of these alone. `reliance`
    says by person how much a judgement counts; of who is not in it, 1.

    One statement behind a server-side cursor: memory stays flat. The order (of prompts' content, then samples' texts)
    is the same in any database that holds the same data, so that a training run can be repeated elsewhere.
    """
    questions = of(project)
    alike: list[Group] = []  # of one prompt
    for row in _rows(project, criterion(project, asked), tasks):
        group = group_of(questions, reliance or {}, *row)
        if alike and alike[0].prompt_id != group.prompt_id:
            yield from sorted(alike, key=lambda task: task.texts)
            alike = []
        if group.first:
            alike.append(group)
    yield from sorted(alike, key=lambda task: task.texts)


# The inner SELECT is sorted before the laterals run, so that texts are read once, in order, and never sorted.
GROUPS = f"""
SELECT task.id, task.prompt_id, task.hash, task.family, task.messages::text, answers.body, votes.body,
       task.language, task.category, {overruled("%(criterion)s::text")}
  FROM (SELECT task.id, task.prompt_id, task.sample_ids, prompt.content_hash COLLATE "C" AS hash, prompt.family,
               prompt.messages, prompt.language, prompt.category
          FROM annotation_task task JOIN annotation_prompt prompt ON prompt.id = task.prompt_id
          JOIN annotation_lane lane ON lane.id = task.lane_id AND lane.purpose = 'work'
         WHERE task.project_id = %(project)s AND (%(tasks)s::bigint[] IS NULL OR task.id = ANY (%(tasks)s))
           AND NOT EXISTS (SELECT FROM annotation_gold gold WHERE gold.task_id = task.id)
           AND NOT {DISCARDED} AND EXISTS (
               SELECT FROM annotation_judgement judgement WHERE judgement.task_id = task.id AND judgement.is_current)
         ORDER BY hash, task.id) task
 CROSS JOIN LATERAL (
       SELECT json_agg(json_build_array(ranking.sample_ids, ranking.ranks, judgement.person_id, judgement.strength,
                                        judgement.flags, judgement.categories) ORDER BY judgement.id)::text AS body
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


def group_of(
    asked: Questions,
    reliance: Mapping[int, float],
    task_id: int,
    prompt_id: int,
    content_hash: str,
    family: str,
    messages: str,
    answers: str,
    votes: str,
    language: str,
    category: str,
    ruling: str | None,
) -> Group:
    """From a row of `GROUPS`."""
    samples = orjson.loads(answers)
    sample_ids = [sample_id for sample_id, _ in samples]
    said = [_vote(reliance, *vote) for vote in orjson.loads(votes)]
    said = [vote for vote in said if vote.weight > 0]
    orders = [_ruled(ruling, said)] if ruling else said
    ranks = [[vote.ranks.get(sample, -1) for sample in sample_ids] for vote in orders]
    weight = [vote.weight for vote in orders]
    pairs = pooled(map(_weighed, ranks, weight))
    return Group(
        task_id=task_id,
        prompt_id=prompt_id,
        content_hash=content_hash,
        family=family,
        messages=orjson.loads(messages),
        sample_ids=sample_ids,
        texts=[text for _, text in samples],
        judgements=len(said),
        first=[pair.first for pair in pairs],
        second=[pair.second for pair in pairs],
        probability=[pair.probability for pair in pairs],
        weight=[pair.weight for pair in pairs],
        margin=_margins(orders, ranks) if len(pairs) == 1 else [],
        ranks=ranks,
        rank_weight=weight,
        unsafe=_unsafe(asked, said, sample_ids),
        language=language,
        category=category,
    )


def _vote(
    reliance: Mapping[int, float],
    ids: list[int],
    ranks: list[int],
    person: int,
    strength: int | None,
    flags: dict[str, dict[str, bool]],
    categories: dict[str, dict[str, str]],
) -> Vote:
    flagged = {int(sample) for sample, found in flags.items() if found.get(UNSAFE)}
    harmful = {int(sample) for sample, found in categories.items() if found}
    return Vote(dict(zip(ids, ranks, strict=True)), reliance.get(person, 1.0), strength, frozenset(flagged | harmful))


def _ruled(ruling: str, instead_of: Sequence[Vote]) -> Vote:
    """The reviewer's order as a vote; how strong their preference is they do not say."""
    ranks = {sample: rank for rank, group in enumerate(orjson.loads(ruling)) for sample in group}
    return Vote(ranks, fsum(vote.weight for vote in instead_of) or 1.0, None, frozenset())


def _weighed(ranks: list[int], weight: float) -> list[Pair]:
    pairs = pairs_of(range(len(ranks)), [None if rank < 0 else rank for rank in ranks])
    return [replace(pair, weight=weight) for pair in pairs]


def _margins(votes: Sequence[Vote], ranks: Sequence[list[int]]) -> list[float]:
    """Of the one pair of two answers, which is all that is asked for a strength."""
    if not any(vote.strength for vote in votes):
        return []
    total = fsum(vote.weight for vote in votes)
    leads = [(second > first) - (second < first) for first, second in ranks]
    steps = [((vote.strength or 1) - 1) / (STRONGEST - 1) for vote in votes]
    signed = [vote.weight * lead * step for vote, lead, step in zip(votes, leads, steps, strict=True)]
    return [fsum(signed) / total]


def _unsafe(asked: Questions, votes: Sequence[Vote], sample_ids: Sequence[int]) -> list[float]:
    if not asked.categories and UNSAFE not in {flag.name for flag in asked.flags}:
        return []
    total = fsum(vote.weight for vote in votes)
    return [
        fsum(vote.weight for vote in votes if sample in vote.unsafe) / total if total else nan for sample in sample_ids
    ]
