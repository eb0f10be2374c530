"""A logistic model on frozen sentence vectors: what a fine-tuned model must beat, and how accuracy grows with data.

The learning curve is the probe's, because it is fitted in a second: fine-tuning on every part of the rankings would
take as long as all trainings before. Its parts are nested: each holds the ones before it.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workers import embedding
from workers.figures import accuracy
from workers.figures.cases import Case, Floats, Pairs, strict
from workers.figures.learning import Curve, curve_points, projection
from workers.reward import probe
from workers.reward.config import TrainingRefused

SHARES = (8, 4, 2, 1)  # the training tasks' parts that the curve is drawn through
ORDERS = 3  # orders in which families are taken: the smaller parts differ, the whole is the same

Check = Callable[[], None]
Vectors = embedding.Vectors


def probed(learned: Sequence[Case], cases: Sequence[Case], pairs: Pairs, floor: float, check: Check) -> dict[str, Any]:
    """`{probe, gain_over_probe, learning}`, or `{unmeasured: {figure: reason}}` where that cannot be.

    A reason is a sentence (then there are `unmeasured_words` too, as sentences.py keeps them), `nothing` (no task to
    learn from or to measure on), or `embeddings` (not all answers have their vector yet: the next job makes more).
    `floor` is the error that more rankings cannot take away.
    """
    if not learned or not len(pairs):
        return _unmeasured("nothing")
    try:
        vectors = embedding.vectors([s for case in (*cases, *learned) for s in case.samples], check)
    except TrainingRefused as refusal:
        return {**_unmeasured(refusal.sentence.english), "unmeasured_words": refusal.sentence.as_json()}
    known = [case for case in learned if _whole(case, vectors)]
    if not known or not all(_whole(case, vectors) for case in cases):
        return _unmeasured("embeddings")
    weight, chosen = probe.fit_head(differences(known, vectors))
    result = strict(cases, _scores(cases, vectors, weight))
    curve = _curve(known, cases, vectors, chosen["penalty"], check)
    return {
        "probe": accuracy.accuracy(result),
        "gain_over_probe": accuracy.share(pairs, pairs.correct - result.correct),
        "learning": {"points": curve_points(curve), "projection": projection(curve, floor)},
    }


def _unmeasured(reason: str) -> dict[str, Any]:
    return {"unmeasured": {"probe": reason, "learning": reason}}


def _whole(case: Case, vectors: Vectors) -> bool:
    return all(sample in vectors for sample in case.samples)


def differences(cases: Sequence[Case], vectors: Vectors) -> probe.Differences:
    return probe.differences(cases, [np.stack([vectors[s] for s in case.samples]) for case in cases])


def _scores(cases: Sequence[Case], vectors: Vectors, weight: Floats) -> dict[int, float]:
    return {sample: float(vectors[sample] @ weight) for case in cases for sample in case.samples}


def _curve(known: Sequence[Case], cases: Sequence[Case], vectors: Vectors, penalty: float, check: Check) -> Curve:
    sizes = sorted({len(known) // share for share in SHARES if len(known) // share})
    correct = []
    for size in sizes:
        check()
        orders = range(1 if size == len(known) else ORDERS)
        results = [_fitted(part_of(known, size, order), cases, vectors, penalty) for order in orders]
        correct.append(np.mean([result.by_family(result.correct) for result in results], axis=0))
    pairs = results[0].by_family(np.ones(len(results[0])))
    return Curve(sizes, np.array(correct), pairs)


def _fitted(known: Sequence[Case], cases: Sequence[Case], vectors: Vectors, penalty: float) -> Pairs:
    data = differences(known, vectors)
    return strict(cases, _scores(cases, vectors, probe.fit(data, penalty) / data.spread))


def part_of(known: Sequence[Case], size: int, order: int) -> list[Case]:
    """`size` cases, whole families first to last in an order drawn by the seed `order`; the last one may be cut."""
    families = sorted({case.family for case in known})
    place = {family: n for n, family in enumerate(random.Random(order).sample(families, len(families)))}
    return sorted(known, key=lambda case: (place[case.family], case.task))[:size]
