"""The adopted model's word on the queue: open ranking tasks get the priority that the project's strategy gives them.

Eight levels, an equal share of the tasks at each; 9 stays free for what people put first, and what was not looked at
(too new, too many, no score yet) stays in the middle.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from django.utils import timezone

from annotation import tasks
from annotation.models import Project, Task
from annotation.models.project import NextStrategy
from workers import embedding
from workers.figures import collect
from workers.figures.cases import Case
from workers.figures.probing import differences
from workers.models import RewardModel
from workers.nextup import strategies
from workers.reward import probe
from workers.reward.config import TrainingRefused

LOWEST, HIGHEST = 1, 8
MOST_SCORED = 100_000  # open tasks that uncertainty looks at
MOST_EMBEDDED = 2000  # open tasks whose answers are embedded: a few minutes on two cores the first time
KNOWN = 1000  # ranked tasks that diversity keeps away from

Check = Callable[[], None]
Worth = dict[int, float]
Open = Sequence[tuple[int, list[int]]]


def apply(model: RewardModel, check: Check) -> dict[str, Any]:
    """Set the priorities; answers, and notes with the model, `{strategy, tasks, changed, at}`; or the `reason`."""
    project = Project.objects.get(pk=model.project_id)
    found: dict[str, Any] = {"strategy": project.next_strategy}
    try:
        worth = _worth(project, model, check)
    except TrainingRefused as refusal:  # no encoder on this machine: the queue stays as it is
        found |= {
            "tasks": 0,
            "changed": 0,
            "reason": refusal.sentence.english,
            "reason_words": refusal.sentence.as_json(),
        }
    else:
        changed = tasks.set_priorities(project=project, priorities=_levels(worth))
        found |= {"tasks": len(worth), "changed": changed}
    found["at"] = timezone.now().isoformat()
    RewardModel.objects.filter(pk=model.pk).update(priorities=found)
    return found


def _levels(worth: Worth) -> dict[int, int]:
    given = strategies.levels(np.array(list(worth.values())), LOWEST, HIGHEST)
    return dict(zip(worth, given.tolist(), strict=True))


def _worth(project: Project, model: RewardModel, check: Check) -> Worth:
    match project.next_strategy:
        case NextStrategy.RANDOM:
            return {task: random.Random(f"{model.pk}:{task}").random() for task, _ in _open(project, MOST_SCORED)}
        case NextStrategy.UNCERTAINTY:
            return _uncertainty(model, _open(project, MOST_SCORED))
        case NextStrategy.DISAGREEMENT:
            return _disagreement(project, model, _open(project, MOST_EMBEDDED), check)
        case NextStrategy.DIVERSITY:
            return _diversity(project, _open(project, MOST_EMBEDDED), check)
    return {}


def _open(project: Project, most: int) -> Open:
    """The open ranking tasks, in the order in which they came."""
    return list(tasks.open_rank_tasks(project).order_by("pk").values_list("pk", "sample_ids")[:most])


def _uncertainty(model: RewardModel, found: Open) -> Worth:
    worth: Worth = {}
    for start in range(0, len(found), 2000):
        part = found[start : start + 2000]
        scores = collect.scores(model, {sample for _, samples in part for sample in samples})
        for task, samples in part:
            if all(sample in scores for sample in samples):
                worth[task] = strategies.uncertainty([scores[sample] for sample in samples])
    return worth


def _disagreement(project: Project, model: RewardModel, found: Open, check: Check) -> Worth:
    learned = collect.cases(project, collect.division(project, model.split_seed).trained)
    if not learned:
        return {}
    vectors = embedding.vectors([s for case in learned for s in case.samples], check)
    heads = heads_of(learned, vectors, seed=model.version)
    vectors = embedding.vectors([s for _, samples in found for s in samples], check)
    return {
        task: strategies.disagreement(np.stack([vectors[s] for s in samples]), heads)
        for task, samples in found
        if all(s in vectors for s in samples)
    }


def heads_of(learned: Sequence[Case], vectors: embedding.Vectors, seed: int) -> strategies.Floats:
    """(B, H): an ensemble on the cases whose answers all have a vector."""
    known = [case for case in learned if all(s in vectors for s in case.samples)]
    data = differences(known, vectors)
    return strategies.ensemble(data, probe.fit_head(data)[1]["penalty"], seed)


def _diversity(project: Project, found: Open, check: Check) -> Worth:
    ranked = Task.objects.filter(project=project, kind="rank", lane__purpose="work", judged__gt=0)
    known = list(ranked.order_by("-pk").values_list("sample_ids", flat=True)[:KNOWN])
    vectors = embedding.vectors([s for samples in (*known, *(own for _, own in found)) for s in samples], check)
    seen = [task for task, samples in found if all(s in vectors for s in samples)]
    own = dict(found)
    points = _means([own[task] for task in seen], vectors)
    if not seen:
        return {}
    worth = strategies.diversity(points, _means(known, vectors))
    return dict(zip(seen, worth.tolist(), strict=True))


def _means(groups: Sequence[Sequence[int]], vectors: embedding.Vectors) -> strategies.Floats:
    """(N, H): the middle of each group's vectors, those groups left out that lack some."""
    whole = [np.mean([vectors[s] for s in samples], axis=0) for samples in groups if all(s in vectors for s in samples)]
    return np.stack(whole) if whole else np.zeros((0, 1))
