from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.models.person import Person
from annotation.models.project import READS_DATA, Project
from annotation.models.prompt import Prompt


class Generator(models.Model):
    """A model version that answers, or the mark of answers written by people or made elsewhere."""

    class Backend(models.TextChoices):
        TRANSFORMERS = "transformers", _("Local model (transformers)")
        OPENAI = "openai", _("OpenAI-compatible server")
        WRITTEN = "written", _("Written by people")
        IMPORTED = "imported", _("Made elsewhere")

    project = models.ForeignKey(Project, models.CASCADE, related_name="generators", db_index=False)
    name = models.CharField(max_length=200)
    backend = models.CharField(max_length=12, choices=Backend)
    location = models.CharField(max_length=500, blank=True)  # folder, GGUF file, package:… or base URL
    model = models.CharField(max_length=200, blank=True)  # the name that an OpenAI-compatible server knows it by
    parameters = models.JSONField(default=dict, blank=True)  # default sampling parameters
    policy_iteration = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="generator_name_once"),
            models.CheckConstraint(
                name="generator_backend_known",
                condition=Q(backend__in=["transformers", "openai", "written", "imported"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Whether it can be asked for new samples."""
        return self.backend in (self.Backend.TRANSFORMERS, self.Backend.OPENAI)


class SampleQuerySet(models.QuerySet["Sample"]):
    def visible_to(self, user: Person | AnonymousUser) -> Self:
        return self.filter(prompt__project__in=Project.objects.with_role(user, *READS_DATA))


class Sample(models.Model):
    """One answer to a prompt. Identical texts for a prompt are one sample."""

    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="samples", db_index=False)
    generator = models.ForeignKey(Generator, models.PROTECT, related_name="samples")
    text = models.TextField()
    text_hash = models.CharField(max_length=64)  # SHA-256 of the text
    parameters = models.JSONField(default=dict, blank=True)
    seed = models.BigIntegerField(null=True, blank=True)
    finish_reason = models.CharField(max_length=20, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    author = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="samples_written")
    usable = models.BooleanField(default=True)  # an empty or reported answer is kept, but never shown for ranking
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SampleQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["prompt", "text_hash"], name="sample_text_once")]

    def __str__(self) -> str:
        return self.text[:80]
