"""When work starts by itself. Called by beat every few seconds; cheap when there is nothing to do.

A training that was started and did not succeed counts as a try: it is not repeated until the same came about again.
"""

from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import IntegrityError
from django.db.models import Max, Q
from django.utils import timezone

from annotation.models import Judgement, Project, Sample
from annotation.models.project import NextStrategy
from annotation.models.task import TaskKind
from workers import fresh, jobs, scoring, training
from workers.models import Job, RewardModel

LEAST_FRESH = 20  # rankings, below which agreement with them says nothing
CHECKED_S = 300  # how long "nothing has fallen" holds while no new ranking comes in


def pull() -> list[Job]:
    """Start what is due."""
    wants = Q(retrain_every__isnull=False) | Q(retrain_hours__isnull=False) | Q(retrain_at__isnull=False)
    wants |= Q(retrain_below__isnull=False)
    projects = Project.objects.filter(archived_at=None)
    started = [job for project in projects.filter(wants) if (job := retrain_if_due(project))]
    models = RewardModel.objects.filter(Q(is_adopted=True) | Q(adoption={}), project__archived_at=None)
    return started + [job for model in models.select_related("project") if (job := rescore_if_due(model))]


def retrain_if_due(project: Project) -> Job | None:
    """Train when one of the project's triggers says so and nothing is under way already."""
    reason = due(project)
    if not reason:
        return None
    try:
        return training.start(project=project, by=None, reason=reason)
    except (IntegrityError, jobs.Refused):  # the database allows no second one; a base may be gone by now
        return None


def due(project: Project) -> str:
    """Why a training is due now: `rankings`, `hours`, `time` or `agreement`; empty where none is.

    Without a single new ranking nothing is due: the same data would give the same model.
    """
    seen = _seen(project)
    if not _new(project, seen, limit=1):
        return ""
    if project.retrain_every and _new(project, seen, limit=project.retrain_every) >= project.retrain_every:
        return "rankings"
    if project.retrain_hours and _older(project, timezone.now() - timedelta(hours=project.retrain_hours)):
        return "hours"
    if project.retrain_at and _older(project, _last_time(project)):
        return "time"
    return "agreement" if project.retrain_below and _has_fallen(project, seen, project.retrain_below) else ""


def new_rankings(project: Project, limit: int) -> int:
    """Rankings that the last training did not see, counted up to `limit`."""
    return _new(project, _seen(project), limit)


def _new(project: Project, seen: int, limit: int) -> int:
    newer = Judgement.objects.current().filter(project=project, id__gt=seen, task__kind=TaskKind.RANK)
    return newer.order_by("id")[:limit].count()


def _last_try(project: Project) -> Job | None:
    return Job.objects.filter(project=project, kind=Job.Kind.TRAIN).order_by("-created_at").first()


def _seen(project: Project) -> int:
    """The newest judgement when training was last started or done."""
    tried = _last_try(project)
    model = RewardModel.objects.filter(project=project).order_by("-version").first()
    return max(int(tried.arguments.get("last_judgement", 0)) if tried else 0, model.last_judgement if model else 0)


def _older(project: Project, moment: datetime) -> bool:
    """Whether the last training was started before `moment`. Where there was none the project's birth counts."""
    tried = _last_try(project)
    return (tried.created_at if tried else project.created_at) <= moment


def _last_time(project: Project) -> datetime:
    """When the clock last showed `retrain_at`, in the server's time zone."""
    assert project.retrain_at
    now = timezone.localtime()
    today = now.replace(
        hour=project.retrain_at.hour, minute=project.retrain_at.minute, second=project.retrain_at.second, microsecond=0
    )
    return today if today <= now else today - timedelta(days=1)


def _has_fallen(project: Project, seen: int, floor: float) -> bool:
    """Whether the adopted version agrees with fresh rankings in less than `floor` of the pairs."""
    newest = Judgement.objects.current().filter(project=project).order_by("-id").values_list("id", flat=True).first()
    key = f"triggers:fresh:{project.pk}:{newest}"
    if cache.get(key):
        return False
    found = fresh.agreement(project, after=seen)
    fallen = found["rankings"] >= LEAST_FRESH and found["value"] is not None and found["value"] < floor
    if not fallen:
        cache.set(key, True, CHECKED_S)
    return fallen


def rescore_if_due(model: RewardModel) -> Job | None:
    """Score what came in since the adopted version's last scores, or choose anew where the strategy was changed.

    So is a version whose scoring failed before it was decided whether to adopt it; not one whose scoring somebody
    cancelled.
    """
    if Job.objects.unfinished().filter(project=model.project, kind__in=[Job.Kind.SCORE, Job.Kind.TRAIN]).exists():
        return None  # the one under way does it, or its successor
    return scoring.start(reward_model=model, by=None) if _wants_scoring(model) and not _leave_it(model) else None


def _wants_scoring(model: RewardModel) -> bool:
    if not model.adoption:
        return True
    return model.priorities.get("strategy", NextStrategy.ARRIVAL) != model.project.next_strategy or _lacks_scores(model)


def _lacks_scores(model: RewardModel) -> bool:
    """Whether an answer that came since the last look has no score; where none has, the next look begins behind it."""
    newest = Sample.objects.aggregate(newest=Max("pk"))["newest"] or 0
    if newest <= model.scored_to:
        return False
    newer = scoring.wants_scores(model.project).filter(pk__gt=model.scored_to).exclude(scores__reward_model=model)
    if newer.exists():
        return True
    RewardModel.objects.filter(pk=model.pk).update(scored_to=newest)
    return False


def _leave_it(model: RewardModel) -> bool:
    """Whether its last scoring was cancelled, or failed within the hour: often enough to try again."""
    tries = Job.objects.filter(project=model.project, kind=Job.Kind.SCORE, arguments__reward_model=model.pk)
    last = tries.order_by("-created_at").first()
    if last is None:
        return False
    failed_lately = last.state == Job.State.FAILED and last.created_at > timezone.now() - timedelta(hours=1)
    return failed_lately or (last.state == Job.State.CANCELLED and not model.adoption)
