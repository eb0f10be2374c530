"""A version's figures on the prompts it never trained on, as they go into `RewardModel.metrics["figures"]`.

Every share is `{value, low, high}`: 95% over prompt families, None where there is nothing to measure.

    split, cases, families, pairs       what was measured on: `test`, or `validation` where there is no test
    accuracy, longer_wins, gain         the model, the rule "the longer answer wins", and the difference, paired
    probe, gain_over_probe              a logistic model on frozen sentence vectors, and the difference, paired
    people                              how often two people agree on a pair, in all tasks that two judged: the ceiling
    shorter_won                         accuracy where people preferred the shorter answer
    by_distance, by_strength            accuracy by ranks between the two, by strength of preference: [{name, …}]
    by_round, by_language, by_category  accuracy by slice of time, by the prompt's language and category
    calibration                         `calibration.calibration`
    versions                            each earlier version: [{version, accuracy, difference, agreement, drift}]
    scores                              quantiles of all scores, and their mean by generator: {quantiles, by_generator}
    learning                            {points, projection}: of the probe, on nested subsets of the training rankings
    unmeasured                          {figure: reason} of what could not be computed
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Avg, Count, F, StdDev

from annotation.models import Task
from workers.figures import accuracy, collect, probing, versions
from workers.figures.calibration import calibration
from workers.figures.cases import Case, Pairs, Scores, scored, strict
from workers.figures.people import agreement
from workers.models import RewardModel, Score

EARLIER = 10  # versions that a new one is compared with
MOST_SHARED = 5000  # tasks of two or more judges, and answers that two versions' scores are compared on
LEAST_SHARED = 30  # pairs that two people ranked, below which their agreement is no ceiling to reckon with
GENERATORS = 20
Z95 = 1.96

Check = Callable[[], None]


def report(model: RewardModel, check: Check) -> dict[str, Any]:
    """`check` is called now and then and may raise to stop."""
    divided = collect.division(model.project, model.split_seed)
    measured = collect.cases(model.project, divided.measured)
    scores = collect.scores(model, collect.samples_of(measured))
    cases = scored(measured, scores)
    pairs, people = strict(cases, scores), _people(model)
    return {
        "split": divided.chosen if cases else None,
        "cases": len(cases),
        "families": len({case.family for case in cases}),
        "pairs": len(pairs),
        **_accuracies(cases, pairs),
        "people": people,
        "calibration": calibration(pairs),
        "versions": _versions(model, cases, scores),
        "scores": _scores(model),
        **probing.probed(collect.cases(model.project, divided.trained), cases, pairs, 1 - ceiling(people), check),
    }


def _accuracies(cases: Sequence[Case], pairs: Pairs) -> dict[str, Any]:
    longer = accuracy.longer_wins(pairs)
    return {
        "accuracy": accuracy.accuracy(pairs),
        "longer_wins": accuracy.share(pairs, longer),
        "gain": accuracy.share(pairs, pairs.correct - longer),
        "shorter_won": accuracy.shorter_won(pairs),
        "by_distance": accuracy.by_distance(pairs),
        "by_strength": accuracy.by_strength(pairs),
        "by_round": accuracy.by_round(pairs, cases),
        "by_language": accuracy.by_case(pairs, cases, lambda case: case.language),
        "by_category": accuracy.by_case(pairs, cases, lambda case: case.category),
    }


def _people(model: RewardModel) -> dict[str, Any]:
    shared = Task.objects.filter(project=model.project, judged__gte=2, lane__purpose="work").order_by("-pk")
    return agreement(collect.cases(model.project, list(shared.values_list("pk", flat=True)[:MOST_SHARED])))


def ceiling(people: dict[str, Any]) -> float:
    """The accuracy that no model can pass: two people's agreement, or 1 where too little is known of it."""
    return float(people["value"]) if people["pairs"] >= LEAST_SHARED else 1.0


def _versions(model: RewardModel, cases: Sequence[Case], scores: Scores) -> list[dict[str, Any]]:
    earlier = RewardModel.objects.filter(project=model.project, version__lt=model.version).order_by("-version")
    return [_against(model, old, cases, scores) for old in earlier[:EARLIER]]


def _against(model: RewardModel, old: RewardModel, cases: Sequence[Case], scores: Scores) -> dict[str, Any]:
    known = collect.scores(old, scores.keys())
    return {"version": old.version, **versions.compared(cases, scores, known), "drift": _drift(model, old)}


def _drift(model: RewardModel, old: RewardModel) -> dict[str, Any]:
    before = Score.objects.filter(reward_model=old).order_by("sample_id").values_list("sample_id", "value")
    known = dict(before[:MOST_SHARED])
    both = collect.scores(model, known.keys())
    return versions.drift(list(both.values()), [known[sample] for sample in both])


def _scores(model: RewardModel) -> dict[str, Any]:
    given = Score.objects.filter(reward_model=model)
    named = given.values(name=F("sample__generator__name"))
    by_generator = named.annotate(n=Count("pk"), mean=Avg("value"), sd=StdDev("value")).order_by("-mean")
    values = list(given.order_by("sample_id").values_list("value", flat=True)[:MOST_SHARED])
    return {
        "quantiles": versions.quantiles(values),
        "by_generator": [_generator(**row) for row in by_generator[:GENERATORS]],
    }


def _generator(name: str, n: int, mean: float, sd: float) -> dict[str, Any]:
    half = Z95 * sd / n**0.5
    low, high = (mean - half, mean + half) if n > 1 else (None, None)
    return {"name": name, "value": mean, "low": low, "high": high, "n": n}
