from typing import Any

from django.db import models

from annotation.models.person import Person
from annotation.models.project import Project


class AuditEvent(models.Model):
    """Who did what, when. Rows are added, never changed or removed (a trigger in the first migration)."""

    project = models.ForeignKey(Project, models.SET_NULL, null=True, blank=True, related_name="audit", db_index=False)
    actor = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-id"], name="audit_by_project")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


def record(
    action: str, *, actor: Person | None, project: Project | None = None, subject: object = "", **details: Any
) -> None:
    AuditEvent.objects.create(action=action, actor=actor, project=project, subject=str(subject)[:200], details=details)
