from collections.abc import Sequence
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Func, Q
from django.utils.translation import gettext_lazy as _

from annotation.models.assignment import Assignment
from annotation.models.person import Person
from annotation.models.project import READS_DATA, Project
from annotation.models.prompt import Prompt
from annotation.models.sample import Sample
from annotation.models.task import Task

OVERALL = "overall"  # the criterion of projects that rank once; others: questions.criterion


class JudgementQuerySet(models.QuerySet["Judgement"]):
    def visible_to(self, user: Person | AnonymousUser) -> Self:
        """Promise 4: one's own; everybody's only for those who manage or view a project, who do not judge blind."""
        return self.filter(Q(person_id=user.pk) | Q(project__in=Project.objects.with_role(user, *READS_DATA)))

    def current(self) -> Self:
        return self.filter(is_current=True)


class Judgement(models.Model):
    """What a person said about a task's samples, or wrote. Revisions are kept; one is current. Written by judging.py.

    Absolute quality (`ratings`, `flags`, `categories`, `all_bad`) and relative preference (`rankings`) are separate
    facts: "all are bad" is never a tie.
    """

    class Source(models.TextChoices):
        BROWSER = "browser", _("Browser")
        API = "api", _("API")
        IMPORT = "import", _("Import")

    class Decision(models.TextChoices):
        """Of who reviews a prompt."""

        ACCEPT = "accept", _("Accepted")
        EDIT = "edit", _("Edited and accepted")
        REJECT = "reject", _("Rejected")

    assignment = models.ForeignKey(Assignment, models.CASCADE, null=True, blank=True, related_name="judgements")
    project = models.ForeignKey(Project, models.CASCADE, related_name="judgements", db_index=False)
    task = models.ForeignKey(Task, models.CASCADE, related_name="judgements", db_index=False)
    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="judgements", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="judgements", db_index=False)
    revision = models.PositiveIntegerField(default=1)
    is_current = models.BooleanField(default=True)
    strength = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(4)]
    )  # Llama 2: 1 negligibly better … 4 significantly better
    ratings = models.JSONField(default=dict, blank=True)  # {sample id: {scale: number}}
    flags = models.JSONField(default=dict, blank=True)  # {sample id: {flag: bool}}
    categories = models.JSONField(default=dict, blank=True)  # {sample id: {category that applies: severity}}
    all_bad = models.BooleanField(default=False)
    comment = models.TextField(blank=True)
    edited_text = models.TextField(blank=True)  # a demonstration, or a correction of the best answer
    # What was written: the answer that a demonstration became, and the answer it started from (so that the edit is
    # known to be better than the original); a prompt as {messages, language, category}, its author's or a reviewer's.
    sample = models.ForeignKey(Sample, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    started_from = models.ForeignKey(Sample, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    written = models.JSONField(null=True, blank=True)
    decision = models.CharField(max_length=6, choices=Decision, blank=True, default="", db_default="")
    facts = models.JSONField(null=True, blank=True)  # how it was written: see writing.py
    seconds = models.FloatField(null=True, blank=True, validators=[MinValueValidator(0)])
    source = models.CharField(max_length=8, choices=Source, default=Source.BROWSER)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = JudgementQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            # Promises 1 and 2: one current judgement a person and task, each revision once.
            models.UniqueConstraint(
                fields=["task", "person"], name="judgement_one_current", condition=Q(is_current=True)
            ),
            models.UniqueConstraint(fields=["task", "person", "revision"], name="judgement_revision_once"),
            models.CheckConstraint(
                name="judgement_strength_known",
                condition=Q(strength=None) | Q(strength__gte=1, strength__lte=4),
            ),
        ]
        indexes = [
            models.Index(fields=["sample"], name="judgement_sample", condition=Q(sample__isnull=False)),
            models.Index(
                fields=["started_from"], name="judgement_started_from", condition=Q(started_from__isnull=False)
            ),
            # What exports and the comparisons tail walk along.
            models.Index(fields=["project", "id"], name="judgement_current", condition=Q(is_current=True)),
            models.Index(fields=["project", "created_at"], name="judgement_by_time", condition=Q(is_current=True)),
            models.Index(fields=["prompt"], name="judgement_by_prompt", condition=Q(is_current=True)),
            models.Index(fields=["person", "project", "-id"], name="judgement_own", condition=Q(is_current=True)),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.task_id} r{self.revision}"


def grouped(sample_ids: Sequence[int], ranks: Sequence[int]) -> list[list[int]]:
    """The samples best first; a list of several is a tie."""
    levels: dict[int, list[int]] = {}
    for sample_id, rank in zip(sample_ids, ranks, strict=True):
        levels.setdefault(rank, []).append(sample_id)
    return [levels[rank] for rank in sorted(levels)]


class Ranking(models.Model):
    """A weak order over samples by one criterion: `ranks[i]` of `sample_ids[i]`, 0 best, equal ranks tie.

    Samples that were shown but left unranked are in the assignment's `shown` and absent here.
    """

    judgement = models.ForeignKey(Judgement, models.CASCADE, related_name="rankings", db_index=False)
    criterion = models.CharField(max_length=40, default=OVERALL)
    sample_ids = ArrayField(models.BigIntegerField())
    ranks = ArrayField(models.PositiveSmallIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["judgement", "criterion"], name="ranking_once"),
            models.CheckConstraint(
                name="ranking_arrays_match",
                condition=Q(sample_ids__len=Func("ranks", function="cardinality", output_field=models.IntegerField())),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion} of {self.judgement_id}"

    @property
    def groups(self) -> list[list[int]]:
        return grouped(self.sample_ids, self.ranks)


class WorkDay(models.Model):
    """One person's day in one project, counted as judgements come in: caps, progress and plots read it."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="work_days", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="work_days")
    day = models.DateField()
    judgements = models.PositiveIntegerField(default=0)
    skips = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "person", "day"], name="work_day_once")]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.day}: {self.judgements}"
