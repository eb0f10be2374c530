from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Person, Project
from webapp.accounts.tokens import make_token
from webapp.models import Right


class Command(BaseCommand):
    help = "Make an API token for a person and print it alone on the last line. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--days", type=int, default=90, help="How long it is good for (90).")

        parser.add_argument("--name", default="", help="What it is for, to tell it by.")
        parser.add_argument("--project", default="", metavar="SLUG", help="For this project alone.")
        parser.add_argument("--may", action="append", choices=Right.values, help="Only this (may be repeated).")

    def handle(self, *args: Any, **options: Any) -> None:
        """A person who is not there yet is made, without a password: whoever has this shell may do anything."""
        if options["days"] < 1:
            raise CommandError("--days must be 1 or more.")
        username = Person.normalize_username(options["username"])
        person, made = Person.objects.get_or_create(username=username, defaults={"may_create_projects": True})
        if made:
            person.set_unusable_password()
            person.save(update_fields=["password"])
            self.stderr.write(f"Made the account {username}; it has no password yet.")
        if not person.is_active:
            raise CommandError(f"{username} is not active: no token.")
        _, token = make_token(
            person=person,
            lifetime=timedelta(days=options["days"]),
            name=options["name"],
            project=_project(options["project"]),
            rights=options["may"] or Right.values,
        )
        self.stdout.write(token)


def _project(slug: str) -> Project | None:
    if not slug:
        return None
    if found := Project.objects.filter(slug=slug).first():
        return found
    raise CommandError(f"There is no project {slug!r}.")
