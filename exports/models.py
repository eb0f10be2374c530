from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models

from annotation.models import Person, Project
from annotation.models.project import READS_DATA
from workers.models import Job


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    def visible_to(self, user: Person | AnonymousUser) -> Self:
        return self.filter(project__in=Project.objects.with_role(user, *READS_DATA))


class Snapshot(models.Model):
    """A frozen query: files that never change (promise 6). The row is written once, when the files are whole."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="snapshots")
    job = models.OneToOneField(Job, models.PROTECT, related_name="snapshot")
    query = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64)
    manifest = models.JSONField(default=dict)
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="snapshots")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.project_id} {self.sha256[:12]}"

    @property
    def folder(self) -> Path:
        return Path(settings.DATA_DIR) / "snapshots" / str(self.job_id)

    def file(self, name: str) -> dict[str, Any] | None:
        """The manifest's entry `{rows, bytes, sha256}` of a file such as `trl-preference/train.jsonl`."""
        entry = self.manifest.get("files", {}).get(name)
        return dict(entry) if entry else None
