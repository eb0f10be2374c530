from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.models.conversation import Candidate, Conversation
from annotation.models.person import Person
from annotation.models.project import MANAGES, Project
from annotation.models.prompt import Prompt
from annotation.models.sample import Sample
from annotation.models.task import Task


class ReportQuerySet(models.QuerySet["Report"]):
    def visible_to(self, user: Person | AnonymousUser) -> Self:
        """Everybody's for those who manage the project; one's own for who reported."""
        return self.filter(Q(project__in=Project.objects.with_role(user, *MANAGES)) | Q(person_id=user.pk))

    def open(self) -> Self:
        return self.filter(resolved_at=None)


class Report(models.Model):
    """Somebody says that a prompt, or one answer to it, should not be in the data. Written by reports.py alone.

    A live chat has no prompt yet: there it is the conversation, or one answer in it.
    """

    class Reason(models.TextChoices):
        UNSAFE = "unsafe", _("Unsafe or illegal")
        BROKEN = "broken", _("Broken or cut off")
        LANGUAGE = "language", _("Wrong language")
        PERSONAL = "personal", _("Personal data")

    class Verdict(models.TextChoices):
        UPHELD = "upheld", _("Taken out of the work")
        WITHDRAWN = "withdrawn", _("Task withdrawn")
        REJECTED = "rejected", _("Prompt rejected")
        DISMISSED = "dismissed", _("Left as it is")

    project = models.ForeignKey(Project, models.CASCADE, related_name="reports", db_index=False)
    task = models.ForeignKey(Task, models.CASCADE, related_name="reports")
    prompt = models.ForeignKey(Prompt, models.CASCADE, null=True, blank=True, related_name="reports")
    sample = models.ForeignKey(
        Sample, models.CASCADE, null=True, blank=True, related_name="reports"
    )  # None: the prompt
    conversation = models.ForeignKey(Conversation, models.CASCADE, null=True, blank=True, related_name="reports")
    candidate = models.ForeignKey(
        Candidate, models.CASCADE, null=True, blank=True, related_name="reports"
    )  # None: the conversation
    person = models.ForeignKey(Person, models.PROTECT, related_name="reports")
    reason = models.CharField(max_length=8, choices=Reason)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    resolved_at = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=9, choices=Verdict, blank=True)
    resolution = models.TextField(blank=True)  # the manager's words

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # Sent twice by a page that did not hear the first answer, it is one report.
            models.UniqueConstraint(
                fields=["task", "person", "sample", "candidate", "reason"], name="report_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="report_of_a_prompt_or_a_chat",
                condition=Q(prompt__isnull=False, conversation=None, candidate=None)
                | Q(prompt=None, sample=None, conversation__isnull=False),
            ),
            models.CheckConstraint(
                name="report_resolved_whole",
                condition=Q(resolved_by=None, resolved_at=None, verdict="")
                | (Q(resolved_by__isnull=False, resolved_at__isnull=False) & ~Q(verdict="")),
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="report_open", condition=Q(resolved_at=None))]

    def __str__(self) -> str:
        return f"{self.reason} in {self.task_id}"

    @property
    def of_answer(self) -> bool:
        return self.sample_id is not None or self.candidate_id is not None

    @property
    def verdict_words(self) -> str:
        if self.conversation_id and self.verdict == self.Verdict.REJECTED:
            return str(_("Conversation taken out"))
        return self.get_verdict_display()
