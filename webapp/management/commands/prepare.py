from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from webapp.demo.seeding import seed


class Command(BaseCommand):
    help = "Bring database, static files and translations up to date; with --demo, seed the demo."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        self._migrate()
        self._static()
        if options["demo"]:
            for line in seed():
                self.stdout.write(f"      {line}")

    def _migrate(self) -> None:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            self.stdout.write(f"      {len(plan)} migrations")
            call_command("migrate", verbosity=0, skip_checks=True)

    def _static(self) -> None:
        call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)
