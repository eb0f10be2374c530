import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from webapp.demo.seeding import seed
from webapp.supervisor import static_files, translations


class Command(BaseCommand):
    help = "Bring database, static files and translations up to date; with --demo, seed the demo."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        # Each does what is missing, and says so; what is there already costs nothing.
        steps: list[Callable[[], list[str]]] = [migrate, translate, collect]
        for step in [*steps, seed] if options["demo"] else steps:
            began = time.monotonic()
            for line in step():
                self.stdout.write(f"      {line} ({time.monotonic() - began:.1f} s)")


def migrate() -> list[str]:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return []
    call_command("migrate", verbosity=0, skip_checks=True)
    return [f"{len(plan)} migrations"]


def translate() -> list[str]:
    done = [name for folder in settings.LOCALE_PATHS for name in translations.compile_new(Path(folder))]
    return [f"translations: {', '.join(done)}"] if done else []


def collect() -> list[str]:
    return ["static files"] if static_files.collect_changed() else []
