import uuid
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from annotation.models.person import Person
from annotation.models.project import JUDGES, Project
from annotation.models.sample import Sample
from annotation.models.task import Task


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def visible_to(self, user: Person | AnonymousUser) -> Self:
        """One's own, as long as one still belongs to the project as somebody who judges."""
        return self.filter(person_id=user.pk, project__in=Project.objects.with_role(user, *JUDGES))

    def live(self) -> Self:
        return self.filter(state=Assignment.State.LEASED)

    def overdue(self) -> Self:
        return self.live().filter(closed_at=None, expires_at__lt=timezone.now())


class Assignment(models.Model):
    """A lease of a task to a person, with the order in which the samples were shown."""

    class State(models.TextChoices):
        LEASED = "leased", _("In work")
        JUDGED = "judged", _("Judged")
        SKIPPED = "skipped", _("Skipped")
        EXPIRED = "expired", _("Expired")
        REVOKED = "revoked", _("Revoked")

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="assignments", db_index=False)
    task = models.ForeignKey(Task, models.CASCADE, related_name="assignments", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="assignments", db_index=False)
    state = models.CharField(max_length=8, choices=State, default=State.LEASED)
    shown = ArrayField(models.BigIntegerField(), default=list)  # sample ids, in the order of the page
    leased_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    skip_reason = models.CharField(max_length=500, blank=True)
    draft = models.JSONField(null=True, blank=True)  # the unfinished form, so that a closed lid loses nothing

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            # Promise 2: nobody gets the same task twice.
            models.UniqueConstraint(fields=["task", "person"], name="assignment_once"),
            models.CheckConstraint(
                name="assignment_closed_when_over",
                condition=Q(state="leased", closed_at=None) | ~Q(state="leased"),
            ),
        ]
        indexes = [
            models.Index(fields=["person", "project"], name="assignment_live", condition=Q(state="leased")),
            # Its condition is another than the one above, so that nobody who looks for one person's reads everybody's.
            models.Index(fields=["expires_at"], name="assignment_overdue", condition=Q(closed_at=None)),
            models.Index(fields=["project", "person", "-closed_at"], name="assignment_history"),
        ]

    def __str__(self) -> str:
        return str(self.uuid)

    @cached_property
    def texts(self) -> dict[int, str]:
        """What is shown: sample id → text. The queue brings them along."""
        return dict(Sample.objects.filter(pk__in=self.shown).values_list("pk", "text"))
