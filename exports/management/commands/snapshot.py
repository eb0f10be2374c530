from argparse import ArgumentParser
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from exports.jobs import start
from exports.models import Snapshot
from workers import foreground, jobs


class Command(BaseCommand):
    help = "Freeze a project's judgements into dataset files, here and now; prints the snapshot's id, hash and folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="the project's short name")
        parser.add_argument("--query", default="{}", help='JSON, as in \'{"formats": ["kwise"], "seed": 1}\'')

    def handle(self, *args: Any, **options: Any) -> None:
        project = foreground.project_named(options["project"])
        try:
            job = start(project=project, by=None, query=orjson.loads(options["query"]))
        except orjson.JSONDecodeError as error:
            raise CommandError(f"--query is not JSON: {error}.") from error
        except jobs.Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        snapshot = Snapshot.objects.get(job=foreground.do(job, self))
        self.stdout.write(f"snapshot {snapshot.pk}\nsha256   {snapshot.sha256}\nfolder   {snapshot.folder}")
