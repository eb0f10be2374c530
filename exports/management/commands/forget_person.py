from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Person
from exports.withdrawing import forget
from workers import foreground


class Command(BaseCommand):
    help = (
        "Delete what a person judged in a project, take away the snapshots that may hold it, "
        "and freeze their successors. There is no way back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="the project's short name")
        parser.add_argument("person", help="the user name; of imported people PROJECT:NAME")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        project = foreground.project_named(options["project"])
        person = Person.objects.filter(username=options["person"]).first()
        if person is None:
            raise CommandError(f"There is no person {options['person']!r}.")
        if (
            not options["yes"]
            and input(f"Delete all that {person.username} judged in {project.slug}? [yes/no] ") != "yes"
        ):
            raise CommandError("Nothing was deleted.")
        jobs = forget(person=person, project=project, by=None)
        self.stdout.write(f"Deleted. {len(jobs)} snapshots are withdrawn.")
        for job in jobs:
            self.stdout.write(f"successor: job {foreground.do(job, self)}")
