"""When work starts by itself. Called by beat every few seconds; cheap when there is nothing to do."""

from django.db import IntegrityError

from annotation.models import Judgement, Project
from workers import training
from workers.models import Job, RewardModel


def pull() -> list[Job]:
    """Start what is due."""
    projects = Project.objects.filter(archived_at=None, retrain_every__isnull=False)
    return [job for project in projects if (job := retrain_if_due(project))]


def retrain_if_due(project: Project) -> Job | None:
    """Train when `retrain_every` new rankings came in since the last version's data were frozen.

    A training that was started and did not succeed counts as a try: it is not repeated until as many again came in.
    """
    if project.retrain_every is None or new_rankings(project, limit=project.retrain_every) < project.retrain_every:
        return None
    try:
        return training.start(project=project, by=None)
    except IntegrityError:  # one is under way already: the database allows no second
        return None


def new_rankings(project: Project, limit: int) -> int:
    """Rankings that the last training did not see, counted up to `limit`."""
    newer = Judgement.objects.current().filter(project=project, id__gt=_seen(project))
    return newer.order_by("id")[:limit].count()


def _seen(project: Project) -> int:
    """The newest judgement when training was last started or done."""
    tried = Job.objects.filter(project=project, kind=Job.Kind.TRAIN).order_by("-created_at").first()
    model = RewardModel.objects.filter(project=project).order_by("-version").first()
    return max(int(tried.arguments.get("last_judgement", 0)) if tried else 0, model.last_judgement if model else 0)
