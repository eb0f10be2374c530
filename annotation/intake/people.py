"""People who are known only from imported files: their judgements are kept apart, and they never sign in."""

import hashlib
import unicodedata
from collections.abc import Iterable

from django.contrib.auth.hashers import make_password

from annotation.models import Person, Project

ANONYMOUS = "anonymous"
LONGEST = 150  # of a user name


class People:
    """A project's imported people by the name that the files give them; those nobody knows yet are made."""

    def __init__(self, project: Project):
        self.project = project
        self.ids: dict[str, int] = {}

    def ensure(self, names: Iterable[str]) -> None:
        wanted = {username(self.project, name): name for name in names if name not in self.ids}
        if not wanted:
            return
        known = set(Person.objects.filter(username__in=wanted).values_list("username", flat=True))
        new = (_person(user, name) for user, name in wanted.items() if user not in known)
        Person.objects.bulk_create(new, ignore_conflicts=True)
        found = Person.objects.filter(username__in=wanted, origin=Person.Origin.IMPORTED)
        self.ids.update((wanted[user], pk) for user, pk in found.values_list("username", "pk"))

    def anonymous(self, number: int) -> int:
        """The id of the nth of those whom no file names."""
        name = ANONYMOUS if number == 1 else f"{ANONYMOUS}-{number}"
        self.ensure([name])
        return self.ids[name]


def username(project: Project, name: str) -> str:
    """`project:name`, where a name that is too long or not printable is shortened and told apart by its hash."""
    shown = printable(name)
    room = LONGEST - len(project.slug) - 1
    if shown != name or len(name) > room:
        digest = hashlib.sha256(name.encode()).hexdigest()[:12]
        shown = f"{shown[: room - 13]}~{digest}"
    return f"{project.slug}:{shown}"


def printable(name: str) -> str:
    """Without control characters, direction overrides and other invisible ones."""
    return "".join(c for c in name if unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cn", "Zl", "Zp"})


def _person(user: str, name: str) -> Person:
    return Person(
        username=user,
        display_name=printable(name)[:LONGEST],
        origin=Person.Origin.IMPORTED,
        is_active=False,
        password=make_password(None),
    )
