from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Person, Project
from exports.withdrawing import forget, forget_writer
from workers import foreground
from workers.models import Job


class Command(BaseCommand):
    help = (
        "Delete what a person judged in a project, take away the snapshots that may hold it, "
        "and freeze their successors. There is no way back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="the project's short name")
        parser.add_argument(
            "person", help="the user name; of imported people PROJECT:NAME; of writers of imported trees their user_id"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        project = foreground.project_named(options["project"])
        name = options["person"]
        if not options["yes"] and not _is_confirmed(f"Delete all that {name} judged in {project.slug}? [yes/no] "):
            raise CommandError("Nothing was deleted: answer yes, or give --yes where nobody can be asked.")
        jobs = self._forgotten(project, name)
        self.stdout.write(f"Deleted. {len(jobs)} snapshots are withdrawn.")
        for job in jobs:
            self.stdout.write(f"successor: job {foreground.do(job, self)}")

    def _forgotten(self, project: Project, name: str) -> list[Job]:
        person = Person.objects.filter(username=name).first()
        if person:
            return forget(person=person, project=project, by=None)
        try:
            return forget_writer(name=name, project=project, by=None)
        except LookupError as error:
            raise CommandError(f"There is no person {name!r}. {error}") from error


def _is_confirmed(question: str) -> bool:
    try:
        return input(question) == "yes"
    except EOFError:  # nobody is there
        return False
