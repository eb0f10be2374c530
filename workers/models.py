"""The nouns of the background: jobs, the reward models and scores that they make, and webhooks that tell of them."""

import json
import uuid
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from annotation.models import Person, Project, Sample
from annotation.models.project import MANAGES, READS_DATA
from workers.queues import Queue
from workers.reward.caution import Caution, of_figures
from workers.sentences import Sentence

# The trainer's own words for what it is at (reward/run_dir.py), as a person reads them.
TRAINER_PHASES = {
    "prepare": gettext_noop("preparing"),
    "probe": gettext_noop("fitting the head"),
    "train": gettext_noop("training"),
    "validate": gettext_noop("validating"),
    "halved": gettext_noop("going on with smaller passes"),
    "finish": gettext_noop("measuring on held-out prompts"),
    "done": gettext_noop("done"),
    "stopped": gettext_noop("stopped"),
}


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: Person | AnonymousUser) -> Self:
        return self.filter(project__in=Project.objects.with_role(user, *READS_DATA))

    def cancellable_by(self, user: Person | AnonymousUser) -> Self:
        managed = Q(project__in=Project.objects.with_role(user, *MANAGES))
        return self.visible_to(user).filter(managed | Q(created_by_id=user.pk))

    def unfinished(self) -> Self:
        return self.filter(state__in=Job.UNFINISHED)


class Job(models.Model):
    """The durable record of background work (promise 5): a message only wakes it. Changed by jobs.py alone."""

    class Kind(models.TextChoices):
        GENERATE = "generate", _("Generate answers")
        TRAIN = "train", _("Train reward model")
        SCORE = "score", _("Score answers")
        SNAPSHOT = "snapshot", _("Freeze snapshot")
        PUSH = "push", _("Push snapshot to a hub")
        COMPARE = "compare", _("Compare snapshots")
        FORGET = "forget", _("Forget a person")
        QUALITY = "quality", _("Measure quality")

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    UNFINISHED = (State.QUEUED, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=10, choices=Kind)
    queue = models.CharField(max_length=10, choices=[(q.value, q.value) for q in Queue])
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    arguments = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    error_words = models.JSONField(null=True, blank=True)  # the same for readers of any language: sentences.py
    phase = models.CharField(max_length=100, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    log = models.TextField(blank=True)  # the tail
    log_words = models.TextField(blank=True, default="", db_default="")  # its lines as `[time, sentence]` in JSON
    attempt = models.PositiveIntegerField(default=0)  # fences off a worker that was given up for lost
    worker = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="jobs")
    created_at = models.DateTimeField(auto_now_add=True)
    woken_at = models.DateTimeField(null=True, blank=True)  # when the broker was last told
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["project"],
                name="job_one_training_a_project",
                condition=Q(kind="train", state__in=["queued", "running"]),
            ),
            models.CheckConstraint(
                name="job_finished_when_over",
                condition=Q(state__in=["queued", "running"], finished_at=None)
                | (~Q(state__in=["queued", "running"]) & Q(finished_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-created_at"], name="job_by_project"),
            models.Index(
                fields=["state", "heartbeat_at"],
                name="job_unfinished",
                condition=Q(state__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def is_over(self) -> bool:
        return self.state not in self.UNFINISHED

    @property
    def percent(self) -> int | None:
        """0 to 100, or None as long as the amount of work is unknown."""
        return min(100, 100 * self.done // self.total) if self.total else None

    @property
    def phase_said(self) -> str:
        """What it is at, in the reader's language."""
        return str(Sentence(TRAINER_PHASES.get(self.phase, self.phase)))

    @property
    def log_said(self) -> str:
        """The log in the reader's language; in English where no more than that was kept (older rows)."""
        if not self.log_words:
            return self.log
        lines = self.log_words.splitlines()
        whole = [json.loads(line) for line in lines if line.startswith("[")]  # of the first its beginning may be gone
        return "".join(f"{stamp} {Sentence.from_json(words)}\n" for stamp, words in whole)


class RewardModelQuerySet(models.QuerySet["RewardModel"]):
    def visible_to(self, user: Person | AnonymousUser) -> Self:
        return self.filter(project__in=Project.objects.with_role(user, *READS_DATA))

    def managed_by(self, user: Person | AnonymousUser) -> Self:
        return self.filter(project__in=Project.objects.with_role(user, *MANAGES))

    def adopted(self, project: Project) -> "RewardModel | None":
        """The version whose scores count: for priorities, exports, best of n and the pages."""
        return self.filter(project=project, is_adopted=True).first()


class RewardModel(models.Model):
    """One version of a project's reward model: where its checkpoint is, and how it came about."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="reward_models")
    version = models.PositiveIntegerField()
    job = models.OneToOneField(Job, models.PROTECT, related_name="reward_model")
    base = models.CharField(max_length=500)
    folder = models.CharField(max_length=500)  # below the data folder's reward_models/
    config = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)  # on prompts never trained on: workers/reward/metrics.py
    data_hash = models.CharField(max_length=64)  # SHA-256 of the groups it was trained on
    judgements = models.PositiveIntegerField()  # current ones in the project when the data were frozen
    last_judgement = models.PositiveBigIntegerField(default=0)  # the newest of them, where the trigger counts on
    split_seed = models.PositiveBigIntegerField(default=0)  # with the family's name it decides what was held out
    is_adopted = models.BooleanField(default=False)  # changed by adoption.py alone
    adopted_at = models.DateTimeField(null=True, blank=True)  # when it was last adopted
    adoption = models.JSONField(default=dict)  # why it was adopted or not: adoption.py; empty: not decided yet
    priorities = models.JSONField(default=dict)  # what its scores last did to the queue: next/priorities.py
    scored_to = models.PositiveBigIntegerField(default=0)  # no answer up to this id lacks its score
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RewardModelQuerySet.as_manager()

    class Meta:
        ordering = ["project", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="reward_model_version_once"),
            models.UniqueConstraint(fields=["project"], name="reward_model_one_adopted", condition=Q(is_adopted=True)),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} v{self.version}"

    @property
    def cautions(self) -> list[Caution]:
        """Why its figures, the latest there are, should not be relied on."""
        later = self.metrics.get("figures")
        return of_figures(later if isinstance(later, dict) else self.metrics)


class Score(models.Model):
    """What a reward model gives a sample; 0 is the mean of its normalisation set."""

    reward_model = models.ForeignKey(RewardModel, models.CASCADE, related_name="scores")
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="scores")
    value = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reward_model", "sample"], name="score_once")]

    def __str__(self) -> str:
        return f"{self.value:.3f}"


class Embedding(models.Model):
    """An answer after its prompt, as a frozen encoder sees it: a cache, which may be emptied at any time."""

    sample = models.OneToOneField(Sample, models.CASCADE, primary_key=True, related_name="+")
    encoder = models.CharField(max_length=200)
    vector = models.BinaryField()  # float16, little-endian

    def __str__(self) -> str:
        return f"{self.encoder} of {self.sample_id}"


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def visible_to(self, user: Person | AnonymousUser) -> Self:
        return self.filter(project__in=Project.objects.with_role(user, *MANAGES))


class Webhook(models.Model):
    """An address that is told what happens in a project. Its secret is not kept: webhooks.py derives it."""

    class Event(models.TextChoices):
        SNAPSHOT = "snapshot.ready", _("A snapshot is frozen")
        REWARD_MODEL = "reward_model.ready", _("A reward model is trained")
        FAILED = "job.failed", _("A job failed")
        MILESTONE = "project.milestone", _("A quarter, half, three quarters or all of the tasks are judged")

    project = models.ForeignKey(Project, models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=500)
    events = ArrayField(models.CharField(max_length=20, choices=Event))
    nonce = models.CharField(max_length=64)  # with the server's own key it makes the secret
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["project", "url"], name="webhook_once")]

    def __str__(self) -> str:
        return self.url

    @property
    def event_names(self) -> list[str]:
        return [str(Webhook.Event(event).label) for event in self.events]


class WebhookDelivery(models.Model):
    """One message to one webhook: held here until it arrived or was given up (promise 5). Changed by webhooks.py."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        ARRIVED = "arrived", _("Arrived")
        GIVEN_UP = "given_up", _("Given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", db_index=False)
    event = models.CharField(max_length=20)
    body = models.TextField()  # as it is sent, so that every try sends and signs the same bytes
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)  # of the next try; None when it is over
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # of the last answer
    error = models.CharField(max_length=300, blank=True)
    error_words = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="webhook_delivery_due_while_waiting",
                condition=Q(state="waiting", due_at__isnull=False) | (~Q(state="waiting") & Q(due_at=None)),
            ),
        ]
        indexes = [
            models.Index(fields=["webhook", "-created_at"], name="webhook_delivery_newest"),
            models.Index(fields=["due_at"], name="webhook_delivery_due", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.id}"


class Milestone(models.Model):
    """A share of a project's tasks that was reached, so that it is told once."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="milestones", db_index=False)
    percent = models.PositiveSmallIntegerField()
    reached_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "percent"], name="milestone_once")]

    def __str__(self) -> str:
        return f"{self.percent} % of {self.project_id}"
