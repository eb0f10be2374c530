"""A project's milestones: a quarter, half, three quarters and all of the judgements that its tasks are for.

Looked for by beat in projects that somebody listens to; each is told once, also when more tasks come in later.
"""

from django.db import transaction
from django.db.models import F, Sum

from annotation.models import Project, Task
from annotation.models.task import Lane
from workers import webhooks
from workers.models import Milestone, Webhook

PERCENTS = (25, 50, 75, 100)


def look() -> None:
    """Tell what was reached since the last look."""
    listened = Webhook.objects.filter(is_active=True, events__contains=[Webhook.Event.MILESTONE])
    for project in Project.objects.filter(pk__in=listened.values("project"), archived_at=None):
        reached = set(Milestone.objects.filter(project=project).values_list("percent", flat=True))
        if open_ones := [percent for percent in PERCENTS if percent not in reached]:
            _look_at(project, open_ones)


def _look_at(project: Project, percents: list[int]) -> None:
    judged, wanted = progress(project)
    passed = [percent for percent in percents if wanted and 100 * judged >= percent * wanted]
    for percent in passed:
        with transaction.atomic():
            _, new = Milestone.objects.get_or_create(project=project, percent=percent)
            if new and percent == passed[-1]:  # who jumps over one is told of the last
                data = {"percent": percent, "judgements": judged, "wanted": wanted}
                webhooks.tell(project, Webhook.Event.MILESTONE, data)


def progress(project: Project) -> tuple[int, int]:
    """Judgements that count towards the project's tasks, and how many those take in all."""
    tasks = Task.objects.filter(project=project, withdrawn_at=None, lane__purpose=Lane.Purpose.WORK)
    sums = tasks.aggregate(judged=Sum(F("judged")), wanted=Sum(F("overlap")))
    return sums["judged"] or 0, sums["wanted"] or 0
