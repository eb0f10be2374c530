import subprocess
import sys
from argparse import REMAINDER, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Run the benchmarks of tests/benchmarks, one after the other: all of them, or those that are named."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", help="as listed by --list")
        parser.add_argument("--list", action="store_true")
        parser.add_argument("arguments", nargs=REMAINDER, help="options of the benchmark itself: --help lists them")

    def handle(self, *args: Any, **options: Any) -> None:
        files = (settings.BASE_DIR / "tests" / "benchmarks").glob("[a-z]*.py")
        known = sorted(path.stem for path in files if "__main__" in path.read_text())  # the others are parts of these
        if options["list"]:
            self.stdout.write("\n".join(known))
            return
        if unknown := set(options["names"]) - set(known):
            raise CommandError(f"No such benchmark: {', '.join(sorted(unknown))}. There are: {', '.join(known)}.")
        for name in options["names"] or known:
            self.stdout.write(f"== {name}")
            self.stdout.flush()
            command = [sys.executable, "-m", f"tests.benchmarks.{name}", *options["arguments"]]
            ended = subprocess.run(command, cwd=settings.BASE_DIR)
            if ended.returncode:
                raise CommandError(f"{name} ended with exit code {ended.returncode}.", returncode=ended.returncode)
