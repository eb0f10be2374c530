"""The answer from which a demonstration may start: by people's rankings, or else by the newest scores."""

from annotation import starting
from annotation.models import Assignment, Sample
from workers.models import RewardModel, Score


def offered(assignment: Assignment) -> Sample | None:
    """The best answer known when the person first came to the task; None where there is none, or none is allowed."""
    if not starting.may_start(assignment):
        return None
    if assignment.shown:
        return Sample.objects.filter(pk=assignment.shown[0]).first()
    prompt = assignment.task.prompt
    assert prompt is not None  # the database demands it of demonstrations
    prompt.project = assignment.project
    best = starting.best_ranked(prompt, assignment.person) or _best_scored(assignment)
    if best:
        starting.offer(assignment, best)
    return best


def _best_scored(assignment: Assignment) -> Sample | None:
    models = RewardModel.objects.filter(project=assignment.project)
    model = models.filter(is_adopted=True).first() or models.order_by("-version").first()
    scores = Score.objects.filter(reward_model=model, sample__prompt=assignment.task.prompt_id, sample__usable=True)
    best = scores.exclude(sample__author=assignment.person).order_by("-value").select_related("sample").first()
    return best.sample if best else None
