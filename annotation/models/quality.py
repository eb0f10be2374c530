from django.db import models
from django.utils import timezone

from annotation.models.project import Project


class Quality(models.Model):
    """What was last measured of a project's judgements; written by quality/measuring.py alone."""

    project = models.OneToOneField(Project, models.CASCADE, primary_key=True, related_name="quality")
    figures = models.JSONField(default=dict)
    mark = models.CharField(max_length=200)  # what it was measured of; another mark says that there is news
    seconds = models.FloatField()  # that measuring took
    measured_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.project_id} at {self.measured_at:%Y-%m-%d %H:%M}"
