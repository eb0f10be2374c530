from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from knox.models import AuthToken

from annotation.models import Project


class Right(models.TextChoices):
    """What an API token may be used for, within what its person may do."""

    READ = "read", _("Read data, progress and figures")
    CONTRIBUTE = "contribute", _("Send prompts, answers and comparisons")
    JUDGE = "judge", _("Take tasks and judge them")
    RUN = "run", _("Start and stop jobs: generate, train, freeze")
    MANAGE = "manage", _("Manage projects, people and webhooks")


class TokenGrant(models.Model):
    """What a token is for. One without a grant may do whatever its person may."""

    token = models.OneToOneField(AuthToken, models.CASCADE, primary_key=True, related_name="grant")
    name = models.CharField(max_length=80, blank=True)
    project = models.ForeignKey(Project, models.CASCADE, null=True, blank=True, related_name="+")  # None: all
    rights = ArrayField(models.CharField(max_length=10, choices=Right), default=list)
    last_used_at = models.DateTimeField(null=True, blank=True)  # to the minute

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="token_grant_rights_known",
                condition=Q(rights__contained_by=["read", "contribute", "judge", "run", "manage"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.token_id)[:8]

    @property
    def right_names(self) -> list[str]:
        return [str(Right(right).label) for right in self.rights]
