"""`manage.py import_data PROJECT FILE`: prompts, answers or rankings from a file, all of them or none."""

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.intake.checking import MAX_ANNOTATOR, label
from annotation.intake.formats import FORMATS, Format, guess
from annotation.intake.lines import opened
from annotation.intake.outcome import Taken
from annotation.intake.rows import BadRow, ComparisonRow, PromptRow, Record, Rows, SampleRow, TreeRow
from annotation.intake.taking import take_comparisons, take_prompts, take_samples
from annotation.models import Project

ON_SCREEN = 20
EVERY = 1_000
TAKE: dict[str, Any] = {"prompts": take_prompts, "samples": take_samples, "comparisons": take_comparisons}


class Command(BaseCommand):
    help = "Import prompts, answers or rankings from a file. With a bad row nothing is taken, unless --good-rows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="the project's short name (slug)")
        parser.add_argument("file", type=Path, help="the file; gzip is unpacked")
        parser.add_argument("--format", choices=FORMATS, help="told from the content when not given")
        parser.add_argument("--good-rows", action="store_true", help="take the good rows, report the bad ones")
        parser.add_argument("--annotator", default="", help="who judged, for rankings that do not say")
        parser.add_argument("--language", default="", help="of prompts that name none, as en or zh")
        parser.add_argument("--errors", type=Path, help="write every bad row to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        path: Path = options["file"]
        name, format = self.format_of(path, options["format"])
        self.stdout.write(f"Reading {path.name} as {name} into {project.slug} …")
        with opened(path) as stream:
            rows = self.counted(with_defaults(format.read(stream), options))
            taken: Taken = TAKE[format.kind](
                project=project, rows=rows, by=project.created_by, good_rows=options["good_rows"]
            )
        self.report(taken, format.kind, options["errors"])
        if taken.errors and not options["good_rows"]:
            raise CommandError("Nothing was taken: correct the rows above, or add --good-rows to leave them out.")

    def format_of(self, path: Path, given: str | None) -> tuple[str, Format]:
        try:
            name = given or guess(path)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror or error}.") from error
        if name is None:
            raise CommandError(f"The format of {path.name} cannot be told: give --format, one of {', '.join(FORMATS)}.")
        return name, FORMATS[name]

    def counted(self, rows: Rows) -> Rows:
        """The rows, with a sign of life every thousand."""
        for number, row in enumerate(rows, start=1):
            if number % EVERY == 0:
                self.stdout.write(f"  {number:,} rows")
            yield row

    def report(self, taken: Taken, kind: str, to: Path | None) -> None:
        for bad in taken.errors[:ON_SCREEN]:
            self.stderr.write(f"line {bad.line}: {bad.reason}")
        if (hidden := len(taken.errors) - ON_SCREEN) > 0:
            self.stderr.write(f"… and {hidden:,} more: --errors FILE keeps them all.")
        if to:
            to.write_text("".join(f"{bad.line}\t{bad.reason}\n" for bad in taken.errors), encoding="utf-8")
        self.stdout.write(
            f"{kind}: {taken.created:,} created, {taken.duplicates:,} known already, {len(taken.errors):,} bad rows."
        )


def find_project(slug: str) -> Project:
    try:
        return Project.objects.select_related("created_by").get(slug=slug)
    except Project.DoesNotExist:
        known = ", ".join(Project.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no project {slug!r}. Projects: {known}.") from None


def with_defaults(rows: Rows, options: dict[str, Any]) -> Rows:
    """The rows, with the annotator and the language of the command line where they name none."""
    try:
        who, language = label(options, "annotator", MAX_ANNOTATOR), label(options, "language", 16)
    except ValueError as error:
        raise CommandError(f"--{error}") from error
    return (row if isinstance(row, BadRow) else (row[0], _completed(row[1], who, language)) for row in rows)


def _completed(record: Record, who: str, language: str) -> Record:
    match record:
        case PromptRow():
            return _in_language(record, language)
        case SampleRow():
            return replace(record, prompt=record.prompt and _in_language(record.prompt, language))
        case ComparisonRow():
            prompt = _in_language(record.prompt, language)
            return replace(record, prompt=prompt, annotator=record.annotator or who)
        case TreeRow():
            return record


def _in_language(prompt: PromptRow, language: str) -> PromptRow:
    return replace(prompt, language=prompt.language or language)
