from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotation.models import Person, Project
from annotation.models.project import READS_DATA
from workers.models import Job


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    def visible_to(self, user: Person | AnonymousUser) -> Self:
        """Snapshots of projects whose data `user` may read; where several were mixed, of all of these."""
        readable = list(Project.objects.with_role(user, *READS_DATA).values_list("pk", flat=True))
        return self.filter(project__in=readable, sources__contained_by=readable)

    def open(self) -> Self:
        """Those whose files can still be had."""
        return self.filter(withdrawn_at=None)


class Snapshot(models.Model):
    """A frozen query: files that never change (promise 6). The row is written once, when the files are whole.

    A withdrawn one keeps its row and its manifest, without the files: withdrawing.py.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="snapshots")
    job = models.OneToOneField(Job, models.PROTECT, related_name="snapshot")
    query = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64)
    manifest = models.JSONField(default=dict)
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="snapshots")
    created_at = models.DateTimeField(auto_now_add=True)
    sources = ArrayField(models.BigIntegerField(), default=list)  # ids of the projects whose data it holds
    is_remote = models.BooleanField(default=False, db_default=False)  # the files lie in a store: shelf.py
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="successors"
    )  # which it follows
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_why = models.CharField(max_length=200, blank=True, default="", db_default="")
    superseded_by = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="supersedes")

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


class ComparisonQuerySet(models.QuerySet["Comparison"]):
    def visible_to(self, user: Person | AnonymousUser) -> Self:
        """Those of which `user` may read both snapshots, while the files of both can still be had."""
        seen = Snapshot.objects.visible_to(user).open()
        return self.filter(before__in=seen, after__in=seen)

    def with_snapshot(self, snapshot: Snapshot) -> Self:
        return self.filter(Q(before=snapshot) | Q(after=snapshot))


class Comparison(models.Model):
    """What one snapshot has that another has not: as neither ever changes, neither does this. See comparison.py.

    Its files hold rows of both, so that they go when one of the two is withdrawn.
    """

    before = models.ForeignKey(Snapshot, models.CASCADE, related_name="+")
    after = models.ForeignKey(Snapshot, models.CASCADE, related_name="+")
    job = models.OneToOneField(Job, models.PROTECT, related_name="comparison")
    manifest = models.JSONField(default=dict)
    is_remote = models.BooleanField(default=False, db_default=False)  # the files lie in a store: shelf.py
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ComparisonQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # Two snapshots are compared once in each direction.
            models.UniqueConstraint(fields=["before", "after"], name="comparison_once"),
        ]

    def __str__(self) -> str:
        return f"{self.before_id} {self.after_id}"

    @property
    def folder(self) -> Path:
        return Path(settings.DATA_DIR) / "comparisons" / str(self.job_id)
