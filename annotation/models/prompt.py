from typing import Any, Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.models.person import Person
from annotation.models.project import READS_DATA, Project


class PromptQuerySet(models.QuerySet["Prompt"]):
    def visible_to(self, user: Person | AnonymousUser) -> Self:
        """Prompts of the projects whose data `user` may read; annotators meet prompts through their tasks."""
        return self.filter(project__in=Project.objects.with_role(user, *READS_DATA))


class Prompt(models.Model):
    """A conversation that ends where a model answers: `messages` as `[{role, content}, …]`, last one the user's."""

    class Review(models.TextChoices):
        PENDING = "pending", _("Waiting for review")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")

    project = models.ForeignKey(Project, models.CASCADE, related_name="prompts", db_index=False)
    messages = models.JSONField()
    content_hash = models.CharField(max_length=64)  # SHA-256 of the canonical messages: see content.py
    language = models.CharField(max_length=16, blank=True)
    category = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=200, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    # Prompts of one family (a conversation tree, near-copies) fall on one side of every split.
    family = models.CharField(max_length=200)
    review_state = models.CharField(max_length=8, choices=Review, default=Review.ACCEPTED)
    author = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="prompts_written")
    original_messages = models.JSONField(null=True, blank=True)  # as its author wrote it, where a reviewer edited it
    fingerprint = ArrayField(
        models.IntegerField(), null=True, blank=True
    )  # by which near-copies are found: nearness.py
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PromptQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "content_hash"], name="prompt_once"),
            models.CheckConstraint(name="prompt_has_family", condition=~Q(family="")),
        ]
        indexes = [
            models.Index(fields=["project", "id"], name="prompt_by_project"),
            models.Index(fields=["project", "language", "id"], name="prompt_by_language"),
            models.Index(fields=["project", "category", "id"], name="prompt_by_category", condition=~Q(category="")),
            models.Index(fields=["project", "family"], name="prompt_by_family"),
            models.Index(fields=["project"], name="prompt_pending", condition=Q(review_state="pending")),
            GinIndex(fields=["fingerprint"], name="prompt_fingerprint"),
        ]

    def __str__(self) -> str:
        return self.last_turn[:80]

    @property
    def last_turn(self) -> str:
        last: dict[str, Any] = self.messages[-1] if self.messages else {}
        return str(last.get("content", ""))
