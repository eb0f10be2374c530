"""Whether the adopted version agrees with the rankings that came in since it was trained."""

from typing import Any

from annotation.models import Judgement, Project
from workers.figures import accuracy, collect
from workers.figures.cases import scored, strict
from workers.models import RewardModel

MOST = 500  # rankings looked at, the newest


def agreement(project: Project, after: int | None = None) -> dict[str, Any]:
    """`{value, low, high, pairs, rankings, version}` over strict pairs of tasks judged after the judgement `after`.

    Without `after`: since the adopted version's data were frozen. The value is None where there is no such version,
    or nothing new that it has scored. Families that it trained on count too: people rank what is next, not what is
    held out, and a model that has seen a prompt should agree about it more, not less.
    """
    model = RewardModel.objects.adopted(project)
    if model is None:
        return {"value": None, "low": None, "high": None, "pairs": 0, "rankings": 0, "version": None}
    newer = Judgement.objects.current().filter(project=project, task__lane__purpose="work")
    newer = newer.filter(pk__gt=model.last_judgement if after is None else after)
    tasks = list(newer.order_by("-pk").values_list("task_id", flat=True)[:MOST])
    cases = collect.cases(project, sorted(set(tasks)))
    scores = collect.scores(model, collect.samples_of(cases))
    known = scored(cases, scores)
    return {**accuracy.accuracy(strict(known, scores)), "rankings": len(known), "version": model.version}
