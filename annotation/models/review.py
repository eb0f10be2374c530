from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation.models.judgement import grouped
from annotation.models.person import Person
from annotation.models.task import Task


class Gold(models.Model):
    """A task whose right order is known, to check and to teach: `sample_ids` with their `ranks`, 0 best."""

    task = models.OneToOneField(Task, models.CASCADE, related_name="gold")
    sample_ids = ArrayField(models.BigIntegerField())
    ranks = ArrayField(models.PositiveSmallIntegerField())
    explanation = models.TextField(blank=True)
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"gold of {self.task_id}"

    @property
    def groups(self) -> list[list[int]]:
        return grouped(self.sample_ids, self.ranks)


class Review(models.Model):
    """Adjudication of a task whose judges disagree: a reviewer's verdict beside, never over, the judgements."""

    class Verdict(models.TextChoices):
        CONFIRMED = "confirmed", _("Judgements stand")
        OVERRULED = "overruled", _("Overruled")
        DISCARDED = "discarded", _("Task discarded")

    task = models.ForeignKey(Task, models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(Person, models.PROTECT, related_name="reviews")
    verdict = models.CharField(max_length=10, choices=Verdict)
    # The reviewer's own, where they overrule: {criterion: groups of sample ids, best first}.
    orders = models.JSONField(default=dict, blank=True)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "reviewer"], name="review_once"),
            models.CheckConstraint(
                name="review_orders_when_overruled", condition=(Q(verdict="overruled") & ~Q(orders={})) | Q(orders={})
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} {self.task_id}"
