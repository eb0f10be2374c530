import hashlib
import secrets
from datetime import datetime
from typing import Any, Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation.models.person import Person

K_MIN, K_MAX = 2, 9


class Role(models.TextChoices):
    """What a person may do in a project; each role may also do what those after it may, except to judge."""

    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    REVIEWER = "reviewer", _("Reviewer")
    ANNOTATOR = "annotator", _("Annotator")
    VIEWER = "viewer", _("Viewer")


MANAGES = (Role.OWNER, Role.MANAGER)
JUDGES = (Role.OWNER, Role.MANAGER, Role.REVIEWER, Role.ANNOTATOR)
# Who may rule on tasks whose judges disagree.
REVIEWS = (Role.OWNER, Role.MANAGER, Role.REVIEWER)
# Who may read everybody's judgements and the models behind the samples.
READS_DATA = (Role.OWNER, Role.MANAGER, Role.VIEWER)


class NextStrategy(models.TextChoices):
    """By what the adopted reward model says which open tasks people get first: workers/next/."""

    ARRIVAL = "arrival", _("In the order they came")
    RANDOM = "random", _("Random")
    UNCERTAINTY = "uncertainty", _("Uncertainty: where the model's scores are closest")
    DISAGREEMENT = "disagreement", _("Disagreement: where a small ensemble of models differs most")
    DIVERSITY = "diversity", _("Diversity: what is least like anything ranked so far")


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: Person | AnonymousUser) -> Self:
        """Projects that `user` belongs to, archived ones included."""
        return self._within(user).filter(memberships__person_id=user.pk)

    def with_role(self, user: Person | AnonymousUser, *roles: str) -> Self:
        """Projects in which `user` holds one of `roles`: outside of these the caller answers 404."""
        return self._within(user).filter(memberships__person_id=user.pk, memberships__role__in=roles)

    def _within(self, user: Person | AnonymousUser) -> Self:
        """Whoever calls with a token for one project sees no other."""
        confined = getattr(user, "confined_to", None)
        return self if confined is None else self.filter(pk=confined)


class Project(models.Model):
    """One campaign: its guideline, what it asks of people, and its rules of work."""

    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=200)
    preset = models.CharField(_("preset"), max_length=20, default="custom")
    questions = models.JSONField(default=dict)  # what the ranking page asks besides the order: see presets.py
    languages = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    k = models.PositiveSmallIntegerField(
        _("answers per task (K)"), default=4, validators=[MinValueValidator(K_MIN), MaxValueValidator(K_MAX)]
    )
    overlap = models.PositiveSmallIntegerField(
        _("people per task"), default=1, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    lease_minutes = models.PositiveSmallIntegerField(
        _("lease in minutes"), default=30, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    daily_cap = models.PositiveIntegerField(_("tasks per person and day"), null=True, blank=True)
    gold_share = models.FloatField(
        _("share of gold tasks"), default=0, validators=[MinValueValidator(0), MaxValueValidator(0.5)]
    )
    max_overlap = models.PositiveSmallIntegerField(
        _("people per task at most, where they disagree"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )  # empty: nobody is added, whatever they say
    agreement_floor = models.FloatField(
        _("share of pairs that judges of a task must order alike"),
        default=0.7,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )
    qualification_tasks = models.PositiveSmallIntegerField(
        _("tasks of the qualification round"), default=0, validators=[MaxValueValidator(1000)]
    )  # 0: everybody starts with real work
    qualification_pass = models.FloatField(
        _("share of the qualification's pairs to get right"),
        default=0.7,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )
    qualification_tries = models.PositiveSmallIntegerField(
        _("tries at the qualification"), default=2, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    allow_ties = models.BooleanField(_("ties allowed"), default=True)
    allow_unranked = models.BooleanField(_("answers may stay unranked"), default=False)
    show_agreement = models.BooleanField(_("annotators see how often others agree with them"), default=False)
    auto_tasks = models.BooleanField(_("prompts with K answers become tasks by themselves"), default=True)
    prompt_instruction = models.TextField(_("what prompts are wanted"), blank=True, default="", db_default="")
    review_prompts = models.BooleanField(_("written prompts wait for a review"), default=True, db_default=True)
    demonstrate_prompts = models.BooleanField(
        _("each written prompt asks for a demonstration"), default=False, db_default=False
    )
    start_from_best = models.BooleanField(
        _("demonstrations may start from the best answer"), default=False, db_default=False
    )
    retrain_every = models.PositiveIntegerField(
        _("retrain after this many new rankings"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    retrain_hours = models.PositiveSmallIntegerField(
        _("retrain every so many hours"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(8760)],
    )
    retrain_at = models.TimeField(_("retrain daily at"), null=True, blank=True)  # in settings.TIME_ZONE
    retrain_below = models.FloatField(
        _("retrain when agreement with fresh rankings falls below"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0.5), MaxValueValidator(1)],
    )  # a share of pairs
    next_strategy = models.CharField(
        _("what to rank next"), max_length=12, choices=NextStrategy, default=NextStrategy.ARRIVAL
    )
    reward_base = models.CharField(_("reward model's base"), max_length=500, blank=True)
    license = models.CharField(
        _("licence of the data"), max_length=60, blank=True, default="", db_default=""
    )  # as the hub names them: apache-2.0, cc-by-4.0, …
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    members = models.ManyToManyField(Person, through="Membership", related_name="projects")

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="project_k_in_range", condition=Q(k__gte=K_MIN, k__lte=K_MAX)),
            models.CheckConstraint(name="project_overlap_positive", condition=Q(overlap__gte=1)),
            models.CheckConstraint(name="project_lease_positive", condition=Q(lease_minutes__gte=1)),
            models.CheckConstraint(
                name="project_gold_share_in_range", condition=Q(gold_share__gte=0, gold_share__lte=0.5)
            ),
            models.CheckConstraint(
                name="project_max_overlap_positive", condition=Q(max_overlap=None) | Q(max_overlap__gte=1)
            ),
            models.CheckConstraint(
                name="project_agreement_floor_in_range",
                condition=Q(agreement_floor__gte=0, agreement_floor__lte=1),
            ),
            models.CheckConstraint(
                name="project_qualification_pass_in_range",
                condition=Q(qualification_pass__gte=0, qualification_pass__lte=1),
            ),
            models.CheckConstraint(
                name="project_retrain_positive", condition=Q(retrain_every=None) | Q(retrain_every__gte=1)
            ),
            models.CheckConstraint(
                name="project_retrain_hours_positive", condition=Q(retrain_hours=None) | Q(retrain_hours__gte=1)
            ),
            models.CheckConstraint(
                name="project_retrain_below_is_share",
                condition=Q(retrain_below=None) | Q(retrain_below__gte=0.5, retrain_below__lte=1),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def guideline(self) -> "Guideline | None":
        return self.guidelines.order_by("-version").first()

    def role_of(self, person: Person | AnonymousUser) -> str | None:
        return self.memberships.filter(person=person.pk).values_list("role", flat=True).first()


class Guideline(models.Model):
    """One version of a project's guideline, Markdown. Versions are never changed, only followed."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="guidelines", db_index=False)
    version = models.PositiveIntegerField()
    text = models.TextField()
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "version"], name="guideline_version_once")]

    def __str__(self) -> str:
        return f"{self.project_id} v{self.version}"


class Membership(models.Model):
    """A person's role in a project, what they may take there, and which guideline they have read."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="memberships", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    languages = ArrayField(models.CharField(max_length=16), default=list, blank=True)  # empty: all
    cohorts = ArrayField(models.CharField(max_length=60), default=list, blank=True)  # beside what is for everybody
    qualified_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)  # by a manager: no tasks until they lift it
    guideline_read = models.PositiveIntegerField(default=0)  # the version; 0: none yet
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "person"], name="membership_once"),
            models.CheckConstraint(name="membership_role_known", condition=Q(role__in=Role.values)),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.role} of {self.project_id}"

    def reaches(self, language: str, cohort: str) -> bool:
        """Whether the member may get tasks of this language and cohort: as the queue's statement has it."""
        reads = not self.languages or not language or {language, language.split("-")[0]} & set(self.languages)
        return bool(reads) and (not cohort or cohort in self.cohorts)

    def must_qualify(self, project: Project) -> bool:
        """Whether they get no real work yet; who reviews or manages does not have to."""
        return bool(project.qualification_tasks) and self.role == Role.ANNOTATOR and self.qualified_at is None


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def usable(self, token: str) -> Self:
        return self.filter(
            token_hash=Invitation.hash(token),
            expires_at__gt=timezone.now(),
            uses__lt=F("max_uses"),
            revoked_at=None,
        )


class Invitation(models.Model):
    """A link that lets its holder join a project. Only the token's SHA-256 is kept; it is shown once."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    max_uses = models.PositiveIntegerField(default=1)
    uses = models.PositiveIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="invitation_not_overused", condition=Q(uses__lte=F("max_uses"))),
            models.CheckConstraint(
                name="invitation_never_owner",
                condition=Q(role__in=[r for r in Role.values if r != Role.OWNER]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.project_id} until {self.expires_at:%Y-%m-%d}"

    @staticmethod
    def hash(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def issue(cls, *, expires_at: datetime, **fields: Any) -> "tuple[Invitation, str]":
        """A new invitation and its token, which cannot be read again."""
        token = secrets.token_urlsafe(24)
        return cls.objects.create(token_hash=cls.hash(token), expires_at=expires_at, **fields), token
