"""Links to a snapshot's file that need no token: signed, for one file, for some hours.

A link is its maker's: it ends with their access to the project, and its use is in the audit log under their name.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core import signing
from django.urls import reverse
from django.utils import timezone

from annotation.models import Person
from annotation.models.audit import record
from exports.models import Snapshot

SALT = "webapp.api.links"
MOST_HOURS = 24 * 30


class NoLink(Exception):
    """The text is no link of ours, or its time is over."""


@dataclass(frozen=True)
class Link:
    """One file of one snapshot, for who has the link, until `expires` (seconds since 1970)."""

    snapshot: int
    file: str
    maker: int
    expires: int

    def sign(self) -> str:
        values = [self.snapshot, self.file, self.maker, self.expires]
        return signing.dumps(values, salt=SALT, compress=True)

    @property
    def path(self) -> str:
        return reverse("api:link", args=[self.sign(), self.file.rpartition("/")[2]])

    @property
    def expires_at(self) -> datetime:
        return datetime.fromtimestamp(self.expires, UTC)


def make(*, snapshot: int, file: str, maker: Person, hours: float) -> Link:
    return Link(snapshot, file, maker.pk, int(timezone.now().timestamp() + 3600 * hours))


def issue(*, frozen: Snapshot, file: str, maker: Person, hours: float) -> Link:
    """A link that was asked for: it stands in the audit log. The maker may read the snapshot, which has the file."""
    made = make(snapshot=frozen.pk, file=file, maker=maker, hours=hours)
    record("snapshot.link", actor=maker, project=frozen.project, subject=frozen.pk, file=file, expires=made.expires)
    return made


def read(text: str) -> Link:
    """Raises `NoLink`."""
    try:
        values: list[Any] = signing.loads(text, salt=SALT)
    except signing.BadSignature as error:
        raise NoLink("This is no link of ours.") from error
    link = Link(*values)
    if link.expires < timezone.now().timestamp():
        raise NoLink("The time of this link is over.")
    return link
