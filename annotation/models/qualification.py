from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotation.models.person import Person
from annotation.models.project import Project


class QualificationRound(models.Model):
    """One try of a person at a project's qualification: some gold tasks, each explained, then pass or fail.

    What was wanted is kept as it was when the round began. Written by qualification.py alone.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="qualification_rounds", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="qualification_rounds")
    number = models.PositiveSmallIntegerField()
    wanted = models.PositiveSmallIntegerField()  # tasks
    pass_share = models.FloatField()
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    score = models.FloatField(null=True, blank=True)  # mean share of pairs ordered as gold does
    passed = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "person", "number"], name="qualification_number_once"),
            models.UniqueConstraint(
                fields=["project", "person"], name="qualification_one_open", condition=Q(ended_at=None)
            ),
            models.CheckConstraint(
                name="qualification_ended_whole",
                condition=Q(ended_at=None, passed=None) | Q(ended_at__isnull=False, passed__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.project_id}, try {self.number}"
