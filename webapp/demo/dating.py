"""A week's work in a few seconds: what was just done in a project becomes as old as if it had been done days ago.

The domain's own functions write by the clock of now; this moves their dates afterwards, all by the same number of days,
so that what came first stays first. The audit log is left as it is: it says when things were really done.
"""

from datetime import timedelta

from django.contrib.postgres.functions import TransactionNow
from django.db.models import F, Model
from django.utils import timezone

from annotation.models import (
    Assignment,
    Generator,
    Gold,
    Guideline,
    Judgement,
    Membership,
    Project,
    Prompt,
    QualificationRound,
    Report,
    Review,
    Sample,
    Task,
    WorkDay,
)

# The model, how it belongs to the project, and its dates.
DATES: tuple[tuple[type[Model], str, tuple[str, ...]], ...] = (
    (Project, "pk", ("created_at",)),
    (Guideline, "project", ("created_at",)),
    (Membership, "project", ("joined_at", "qualified_at")),
    (Generator, "project", ("created_at",)),
    (Prompt, "project", ("created_at",)),
    (Sample, "prompt__project", ("created_at",)),
    (Task, "project", ("created_at", "review_wanted_at", "withdrawn_at")),
    (Gold, "task__project", ("created_at",)),
    (QualificationRound, "project", ("started_at", "ended_at")),
    (Assignment, "project", ("leased_at", "expires_at", "closed_at")),
    (Judgement, "project", ("created_at",)),
    (Report, "project", ("created_at", "resolved_at")),
    (Review, "task__project", ("created_at",)),
)
# Whatever this transaction dated, by the database's clock or by ours; what was moved before is at least a day older.
FRESH = timedelta(hours=1)


def move_back(project: Project, *, days: int) -> None:
    """Everything of the project that is from the caller's transaction, and not moved yet, by so many days."""
    if not days:
        return
    by = timedelta(days=days)
    for model, owner, columns in DATES:
        for column in columns:
            fresh = model._default_manager.filter(**{owner: project.pk, f"{column}__gte": TransactionNow() - FRESH})
            fresh.update(**{column: F(column) - by})
    today = timezone.localdate(timezone.now() - FRESH)
    WorkDay.objects.filter(project=project, day__gte=today).update(day=F("day") - by)
