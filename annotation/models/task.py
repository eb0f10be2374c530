from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from annotation.models.person import Person
from annotation.models.project import MANAGES, Project
from annotation.models.prompt import Prompt

PRIORITIES = range(10)  # 9 is handed out first
DEFAULT_PRIORITY = 4
QUEUE_SEQUENCE = "annotation_queue_seq"  # made by the first migration


def next_queue_number() -> int:
    """The next number of the queue's sequence: a task that comes (back) into the queue goes to its lane's end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s)", [QUEUE_SEQUENCE])
        return int(cursor.fetchone()[0])


class NextQueueNumber(models.Func):
    """`nextval` of the queue's sequence, drawn by the database for each row."""

    function = "nextval"
    template = f"nextval('{QUEUE_SEQUENCE}')"
    output_field = models.BigIntegerField()


class TaskKind(models.TextChoices):
    RANK = "rank", _("Rank answers")
    DEMONSTRATE = "demonstrate", _("Write a demonstration")
    WRITE_PROMPT = "write_prompt", _("Write a prompt")
    REVIEW_PROMPT = "review_prompt", _("Review a prompt")
    RATE = "rate", _("Rate answers")
    CHAT = "chat", _("Chat")


# Of these a task may come without a prompt: it is what the person writes.
PROMPTLESS = (TaskKind.WRITE_PROMPT, TaskKind.CHAT)


class Lane(models.Model):
    """A queue within a project: tasks that exactly the same people may take. See ADR 3."""

    class Purpose(models.TextChoices):
        WORK = "work", _("Work")
        GOLD = "gold", _("Gold")
        QUALIFICATION = "qualification", _("Qualification")

    project = models.ForeignKey(Project, models.CASCADE, related_name="lanes", db_index=False)
    kind = models.CharField(max_length=14, choices=TaskKind)
    language = models.CharField(max_length=16, blank=True)  # empty: for whoever reads any
    cohort = models.CharField(max_length=60, blank=True)  # empty: for everybody
    purpose = models.CharField(max_length=14, choices=Purpose, default=Purpose.WORK)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "language", "cohort", "purpose"], name="lane_once"),
            models.CheckConstraint(
                name="lane_purpose_known", condition=Q(purpose__in=["work", "gold", "qualification"])
            ),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, [str(self.project_id), self.kind, self.language, self.cohort, self.purpose]))


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: Person | AnonymousUser) -> Self:
        """All tasks of managed projects; elsewhere only those that `user` was given."""
        managed = Q(project__in=Project.objects.with_role(user, *MANAGES))
        return self.filter(managed | Q(assignments__person_id=user.pk)).distinct()


class Task(models.Model):
    """One unit of work over a prompt, or one that makes a prompt (`write_prompt`).

    `taken` counts live leases plus judgements. It changes only in the statement that makes or ends a
    lease (assignment.py, judging.py), and the database refuses to let it pass `overlap`: promise 2.
    Whatever opens a closed task (a slot, a withdrawal undone, another lane or priority) draws a new `queue_number` in
    the same transaction: people do not look again at numbers that they are through with (ADR 3).
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="tasks", db_index=False)
    lane = models.ForeignKey(Lane, models.CASCADE, related_name="tasks", db_index=False)
    prompt = models.ForeignKey(Prompt, models.CASCADE, null=True, blank=True, related_name="tasks", db_index=False)
    kind = models.CharField(max_length=14, choices=TaskKind, default=TaskKind.RANK)
    sample_ids = ArrayField(models.BigIntegerField(), default=list)  # what is to be judged, fixed at birth
    author_ids = ArrayField(models.BigIntegerField(), default=list)  # who wrote any of it: they never get it
    brief = models.JSONField(null=True, blank=True)  # what is wished of this one: {instruction?, category?}
    priority = models.PositiveSmallIntegerField(default=DEFAULT_PRIORITY)
    queue_number = models.BigIntegerField(db_default=NextQueueNumber())
    overlap = models.PositiveSmallIntegerField()
    taken = models.PositiveSmallIntegerField(default=0)
    judged = models.PositiveSmallIntegerField(default=0)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    review_wanted_at = models.DateTimeField(null=True, blank=True)  # its judges disagree, and there are no more
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        constraints = [
            # Promise 2: never more live leases plus judgements than the task's overlap.
            models.CheckConstraint(name="task_never_overtaken", condition=Q(taken__lte=F("overlap"))),
            models.CheckConstraint(name="task_judged_within_taken", condition=Q(judged__lte=F("taken"))),
            models.CheckConstraint(name="task_priority_known", condition=Q(priority__lte=PRIORITIES[-1])),
            models.CheckConstraint(
                name="task_has_its_prompt",
                condition=Q(prompt__isnull=False) | Q(kind__in=[kind.value for kind in PROMPTLESS]),
            ),
            models.UniqueConstraint(fields=["prompt", "kind", "sample_ids"], name="task_once"),
        ]
        indexes = [
            # Promise 3: the open tasks, and only these, in the order in which a lane hands them out.
            models.Index(
                "lane",
                "priority",
                "queue_number",
                name="task_queue",
                condition=Q(taken__lt=F("overlap"), withdrawn_at=None),
            ),
            models.Index(fields=["project", "id"], name="task_by_project"),
            models.Index(
                fields=["project", "review_wanted_at"],
                name="task_review_wanted",
                condition=Q(review_wanted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def messages(self) -> list[dict[str, str]]:
        """The conversation so far; empty where the task is to write one."""
        return list(self.prompt.messages) if self.prompt else []

    @property
    def open_slots(self) -> int:
        return self.overlap - self.taken


class QueuePosition(models.Model):
    """How far a person has come in one lane at one priority: the next search starts behind it. See ADR 3."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="+", db_index=False)
    lane = models.ForeignKey(Lane, models.CASCADE, related_name="+", db_index=False)
    priority = models.PositiveSmallIntegerField()
    queue_number = models.BigIntegerField()
    # Where the looks from the start begin: up to here there is nothing left for the person, for good.
    empty_to = models.BigIntegerField(db_default=0)
    # How far they will begin next, once the transactions before this one (as xid8) are over.
    noted = models.BigIntegerField(db_default=0)
    noted_before = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "lane", "priority"], name="queue_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.lane_id}: {self.queue_number}"
