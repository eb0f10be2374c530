"""When quality is measured: at once where that is quick, by a job where it is not, never again without news."""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Max
from django.utils import timezone

from annotation import questions
from annotation.models import Gold, Judgement, Project, Review
from annotation.models.quality import Quality
from annotation.quality import rows
from annotation.quality.measure import Limits, Measure

QUICK_S = 1.0  # longer than that nobody waits for a page
QUICK_JUDGEMENTS = 20_000  # of which that holds where nothing was measured yet
TELL = 2_000  # tasks
GLANCE_S = 30.0
REST = 20  # a job may take one twentieth of the time, however often somebody looks


def measure(project: Project, told: Callable[[int], None] | None = None) -> Quality:
    """Measure now, whatever it takes, and keep what was found. `told` hears now and then how many tasks were seen."""
    now, mark, started = timezone.now(), mark_of(project), time.monotonic()
    found = Measure(questions.of(project).orders, Limits(gold=project.qualification_pass))
    for number, judged in enumerate(rows.judged(project)):
        found.add(judged)
        if told and number % TELL == 0:
            told(number)
    kept = {"figures": found.figures(), "mark": mark, "seconds": time.monotonic() - started, "measured_at": now}
    return Quality.objects.update_or_create(project=project, defaults=kept)[0]


def mark_of(project: Project) -> str:
    """Another one after every judgement, gold and review, and when the project asks something else."""
    newest = Judgement.objects.current().filter(project=project).order_by("-id").values_list("id", flat=True).first()
    gold = Gold.objects.filter(task__project=project).aggregate(newest=Max("pk"))["newest"]
    review = Review.objects.filter(task__project=project).aggregate(newest=Max("pk"))["newest"]
    return ":".join(map(str, (newest, gold, review, questions.criterion(project), project.qualification_pass)))


def latest(project: Project) -> tuple[Quality | None, bool]:
    """What is known, measured anew where there is news and it is quick; and whether a job should measure it."""
    known = Quality.objects.filter(project=project).first()
    if known and known.mark == mark_of(project):
        return known, False
    if known.seconds < QUICK_S if known else _is_small(project):
        return measure(project), False
    return known, known is None or timezone.now() > known.measured_at + timedelta(seconds=REST * known.seconds)


def glance(project: Project) -> Quality | None:
    """What is known, for pages that ask again and again: measured anew twice a minute at most."""
    known = Quality.objects.filter(project=project).first()
    rested = known is None or timezone.now() > known.measured_at + timedelta(seconds=GLANCE_S)
    return latest(project)[0] if rested else known


def _is_small(project: Project) -> bool:
    current = Judgement.objects.current().filter(project=project)
    return current.order_by("id")[: QUICK_JUDGEMENTS + 1].count() <= QUICK_JUDGEMENTS


def agreement(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Of the main criterion, which comes first."""
    found: dict[str, Any] = next(iter(figures["agreement"].values()))
    return found
