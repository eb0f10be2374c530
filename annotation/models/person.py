from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Person(AbstractUser):
    """Somebody who judges, writes or manages; also a person known only from an imported file.

    Imported people keep their judgements apart. They never sign in: their user name holds a colon,
    which the sign-up form does not allow, so it cannot collide with anybody's.
    """

    class Origin(models.TextChoices):
        HERE = "here", _("Signed up here")
        IMPORTED = "imported", _("Imported")

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    display_name = models.CharField(_("name"), max_length=150, blank=True)
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.HERE)

    # The one project that exists for this call, where an API token is for no other. Not stored: the token says so.
    confined_to: int | None = None

    may_create_projects = models.BooleanField(_("may create projects"), default=False)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(
                name="person_imported_never_signs_in",
                condition=~Q(origin="imported") | (Q(is_active=False) & Q(is_superuser=False)),
            ),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Who administers the server may create projects: `createsuperuser` asks for no more than a name."""
        self.may_create_projects = self.may_create_projects or self.is_superuser
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.display_name or self.username

    def get_short_name(self) -> str:
        return self.get_full_name()
