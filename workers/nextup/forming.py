"""Tasks of prompts that have more answers than K: the project's strategy says which K are compared."""

from collections import defaultdict
from collections.abc import Sequence

from annotation.models import Project, Sample, Task
from annotation.models.project import NextStrategy
from workers.figures import collect
from workers.models import RewardModel
from workers.nextup.picking import in_order


def sample_order(project: Project, prompt_ids: Sequence[int]) -> list[int]:
    """For `tasks.form_rank_tasks`: the free answers of these prompts as the strategy wants them compared.

    Empty where the strategy is the order of arrival, or no version is adopted yet. Prompts with an answer that has no
    score keep the order of arrival.
    """
    model = RewardModel.objects.adopted(project)
    if project.next_strategy == NextStrategy.ARRIVAL or model is None:
        return []
    free = _free(prompt_ids)
    scores = collect.scores(model, [sample for own in free.values() for sample in own])
    return [
        sample
        for own in free.values()
        if len(own) > project.k and all(sample in scores for sample in own)
        for sample in in_order(project.next_strategy, own, [scores[s] for s in own], project.k)
    ]


def _free(prompt_ids: Sequence[int]) -> dict[int, list[int]]:
    """Usable answers that are in no ranking task yet, a prompt's in the order of their ids."""
    tasks = Task.objects.filter(prompt__in=prompt_ids, kind="rank").values_list("sample_ids", flat=True)
    taken = {sample for ids in tasks for sample in ids}
    free: dict[int, list[int]] = defaultdict(list)
    usable = Sample.objects.filter(prompt__in=prompt_ids, usable=True).order_by("prompt_id", "pk")
    for sample, prompt in usable.values_list("pk", "prompt_id"):
        if sample not in taken:
            free[prompt].append(sample)
    return free
