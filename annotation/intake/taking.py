"""Rows in: prompts, samples and comparisons from a file or a request, all of them or none. Promise 7.

Everything happens in one transaction and in batches, each of them a fixed number of statements, so that neither
memory nor round trips grow with the rows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from django.db import connection, transaction
from django.utils.translation import gettext as _

from annotation.content import kind_of
from annotation.intake.checking import comparison_row, prompt_row, sample_row
from annotation.intake.comparisons import ComparisonWriter
from annotation.intake.outcome import Taken, Writer
from annotation.intake.prompts import PromptWriter
from annotation.intake.rows import BadRow, ComparisonRow, Data, PromptRow, SampleRow, TreeRow
from annotation.intake.samples import SampleWriter
from annotation.models import Person, Project
from annotation.models.audit import record

BATCH_ROWS = 500
BATCH_CHARACTERS = 4_000_000
IMPORT_LOCK = 0x50524549  # "PREI": keeps this advisory lock apart from all others in the database

R = TypeVar("R", bound=PromptRow | SampleRow | ComparisonRow | TreeRow)
Compared = ComparisonRow | TreeRow
Given = Iterable[tuple[int, R | Data] | BadRow]


class _NothingTaken(Exception):
    """Ends the transaction of an import that has bad rows."""


def take_prompts(*, project: Project, rows: Given[PromptRow], by: Person, good_rows: bool = False) -> Taken:
    """Take prompts, given as records or as parsed JSON objects with their line numbers.

    With any bad row nothing is taken and `errors` names each of them by line and reason; with `good_rows` the
    others are taken. A prompt that the project holds already is a duplicate and stays as it is.
    """
    return _take(project, _checked(rows, (PromptRow,), prompt_row), PromptWriter(project), by, good_rows)


def take_samples(*, project: Project, rows: Given[SampleRow], by: Person, good_rows: bool = False) -> Taken:
    """Take answers, as `take_prompts` does; prompts that are given whole and new are made, and so are ready tasks."""
    return _take(project, _checked(rows, (SampleRow,), sample_row), SampleWriter(project), by, good_rows)


def take_comparisons(*, project: Project, rows: Given[Compared], by: Person, good_rows: bool = False) -> Taken:
    """Take rankings made elsewhere with their prompts, answers and people, as `take_prompts` does."""
    kinds: tuple[type[Compared], ...] = (ComparisonRow, TreeRow)
    return _take(project, _checked(rows, kinds, comparison_row), ComparisonWriter(project), by, good_rows)


def _take(
    project: Project, rows: Iterable[tuple[int, R] | BadRow], writer: Writer[R], by: Person, good_rows: bool
) -> Taken:
    taken = Taken()
    try:
        with transaction.atomic():
            _one_import_at_a_time(project)
            for batch in _batches(rows, taken.errors):
                writer.write(batch, taken)
            taken.errors.sort(key=lambda bad: bad.line)
            if taken.errors and not good_rows:
                raise _NothingTaken
            _finish(project, writer, by, taken)
    except _NothingTaken:
        return Taken(errors=taken.errors)
    return taken


def _finish(project: Project, writer: Writer[R], by: Person, taken: Taken) -> None:
    writer.finish()
    if taken.created:
        counts = {"created": taken.created, "duplicates": taken.duplicates, "refused": len(taken.errors)}
        record(f"import.{writer.kind}", actor=by, project=project, subject=project.slug, **counts)


def _one_import_at_a_time(project: Project) -> None:
    """Two imports of the same rows would wait for each other's uncommitted rows in turn: a deadlock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashint8(%s))", [IMPORT_LOCK, project.pk])


def _checked(
    rows: Given[R], kinds: tuple[type[R], ...], check: Callable[[Data], R]
) -> Iterator[tuple[int, R] | BadRow]:
    for item in rows:
        if isinstance(item, BadRow):
            yield item
            continue
        line, given = item
        if isinstance(given, kinds):
            yield line, given
        else:
            yield _row(line, given, check)


def _row(line: int, given: object, check: Callable[[Data], R]) -> tuple[int, R] | BadRow:
    if not isinstance(given, Mapping):
        return BadRow(line, _("A row must be a JSON object, not %(kind)s.") % {"kind": kind_of(given)})
    try:
        return line, check(given)
    except ValueError as error:
        return BadRow(line, str(error))


def _batches(rows: Iterable[tuple[int, R] | BadRow], errors: list[BadRow]) -> Iterator[list[tuple[int, R]]]:
    """The good rows, bounded in number and in text; the bad ones go to `errors`."""
    batch: list[tuple[int, R]] = []
    weight = 0
    for item in rows:
        if isinstance(item, BadRow):
            errors.append(item)
            continue
        batch.append(item)
        weight += item[1].weight
        if len(batch) >= BATCH_ROWS or weight >= BATCH_CHARACTERS:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch
