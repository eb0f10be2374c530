from typing import Any

from django.core.management.base import BaseCommand

from webapp.demo.seeding import seed


class Command(BaseCommand):
    help = "Make the demo's people and projects where they are not there yet."

    def handle(self, *args: Any, **options: Any) -> None:
        for line in seed() or ["The demo is there already."]:
            self.stdout.write(line)
