"""Live chat: a conversation in which every turn is answered by several hidden models. Written by chatting.py alone.

A turn's answers are candidates until it is judged: then they become samples of an ordinary prompt, with an ordinary
rank task and judgement, and nothing that reads those needs to know about conversations.
"""

from typing import Any, Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.models.assignment import Assignment
from annotation.models.judgement import Judgement
from annotation.models.person import Person
from annotation.models.project import READS_DATA, Project
from annotation.models.sample import Generator, Sample


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def visible_to(self, user: Person | AnonymousUser) -> Self:
        """Conversations of the projects whose data `user` may read; the person who chats comes by their assignment."""
        return self.filter(project__in=Project.objects.with_role(user, *READS_DATA))


class Conversation(models.Model):
    """One person's talk under one assignment of a chat task.

    `voices`: who answers, `[{"generator": id, "temperature": number}, …]`, drawn when the first message is sent and
    never shown to the person (promise 4). `family` is the split family of all its prompts (promise 6).
    """

    assignment = models.OneToOneField(Assignment, models.CASCADE, related_name="conversation")
    project = models.ForeignKey(Project, models.CASCADE, related_name="conversations", db_index=False)
    family = models.CharField(max_length=200)
    voices = models.JSONField(default=list)
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["project", "-id"], name="conversation_by_project")]

    def __str__(self) -> str:
        return f"conversation {self.pk}"


class TurnQuerySet(models.QuerySet["Turn"]):
    def open(self) -> Self:
        return self.filter(state__in=Turn.OPEN)

    def kept(self) -> Self:
        """All but those whose message was taken back."""
        return self.exclude(state=Turn.State.CANCELLED)


class Turn(models.Model):
    """A message of the person's, and what became of it. The durable record of its answering (promise 5)."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for a worker")
        ANSWERING = "answering", _("Being answered")
        READY = "ready", _("Waiting for the choice")
        FAILED = "failed", _("Too few answers")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Taken back")

    class ChosenBy(models.TextChoices):
        """Why the conversation went on with the winner: several best answers are a tie, which the judgement keeps."""

        BEST = "best", _("the one best answer")
        PERSON = "person", _("several were best: the person chose this one")
        FIRST = "first", _("several were best: this one was shown first")
        ALONE = "alone", _("the only answer")

    UNANSWERED = (State.WAITING, State.ANSWERING)
    OPEN = (*UNANSWERED, State.READY, State.FAILED)

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="turns", db_index=False)
    number = models.PositiveSmallIntegerField()  # from 1
    text = models.TextField()
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    error = models.TextField(blank=True)
    shown = ArrayField(models.BigIntegerField(), default=list)  # candidate ids, in the order of the page
    winner = models.ForeignKey("Candidate", models.PROTECT, null=True, blank=True, related_name="+")
    chosen_by = models.CharField(
        max_length=6, choices=ChosenBy, blank=True
    )  # blank: no winner, or older than this fact
    judgement = models.ForeignKey(Judgement, models.SET_NULL, null=True, blank=True, related_name="turns")
    attempt = models.PositiveIntegerField(default=0)  # fences off a worker that was given up for lost
    rounds = models.PositiveSmallIntegerField(default=1)  # how often it was asked: "ask again" raises it
    asked_at = models.DateTimeField(auto_now_add=True)
    woken_at = models.DateTimeField(null=True, blank=True)  # when the broker was last told
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = TurnQuerySet.as_manager()

    class Meta:
        ordering = ["conversation", "number", "id"]
        constraints = [
            # Two tabs that send at once make one turn.
            models.UniqueConstraint(
                fields=["conversation"],
                name="turn_one_open",
                condition=Q(state__in=["waiting", "answering", "ready", "failed"]),
            ),
            models.UniqueConstraint(
                fields=["conversation", "number"], name="turn_number_once", condition=~Q(state="cancelled")
            ),
        ]
        indexes = [
            models.Index(fields=["conversation", "number"], name="turn_by_conversation"),
            models.Index(
                fields=["heartbeat_at"], name="turn_unanswered", condition=Q(state__in=["waiting", "answering"])
            ),
        ]

    def __str__(self) -> str:
        return f"turn {self.number} of {self.conversation_id}: {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_unanswered(self) -> bool:
        return self.state in self.UNANSWERED


class Candidate(models.Model):
    """One answer to a turn: wanted, then there or failed; a sample once the turn is judged."""

    class State(models.TextChoices):
        WANTED = "wanted", _("Wanted")
        DONE = "done", _("There")
        FAILED = "failed", _("Failed")
        SAME = "same", _("Said already by another")

    turn = models.ForeignKey(Turn, models.CASCADE, related_name="candidates", db_index=False)
    place = models.PositiveSmallIntegerField()  # on the page, from 0
    generator = models.ForeignKey(Generator, models.PROTECT, related_name="candidates")
    parameters = models.JSONField(default=dict)
    seed = models.BigIntegerField()
    state = models.CharField(max_length=6, choices=State, default=State.WANTED)
    text = models.TextField(blank=True)
    error = models.TextField(blank=True)
    error_words = models.JSONField(null=True, blank=True)  # the same for readers of any language: workers/sentences.py
    finish_reason = models.CharField(max_length=20, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    sample = models.ForeignKey(Sample, models.SET_NULL, null=True, blank=True, related_name="candidates")

    class Meta:
        ordering = ["turn", "place"]
        constraints = [models.UniqueConstraint(fields=["turn", "place"], name="candidate_place_once")]

    def __str__(self) -> str:
        return self.text[:80]

    def sampling(self) -> dict[str, Any]:
        """Keyword arguments of the generation room's `Sampling`."""
        return {**self.parameters, "seed": self.seed}
