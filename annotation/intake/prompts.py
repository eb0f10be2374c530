"""Prompts into the database: each content once a project."""

from collections.abc import Iterable
from dataclasses import dataclass

from annotation.intake.families import families
from annotation.intake.outcome import Taken
from annotation.intake.rows import PromptRow
from annotation.models import Project, Prompt


@dataclass(frozen=True)
class KnownPrompt:
    """What the rest of an import needs to know of a prompt that is in the database."""

    id: int
    language: str
    author_id: int | None


class PromptWriter:
    kind = "prompts"

    def __init__(self, project: Project):
        self.project = project

    def write(self, batch: list[tuple[int, PromptRow]], taken: Taken) -> None:
        new, _ = ensure_prompts(self.project, [row for _, row in batch])
        for _, row in batch:
            taken.count(new=row.content_hash in new)
            new.discard(row.content_hash)

    def finish(self) -> None:
        """A prompt alone makes no task: its answers do."""


def ensure_prompts(project: Project, rows: Iterable[PromptRow]) -> tuple[set[str], dict[str, KnownPrompt]]:
    """The hashes that were new, and every row's prompt by its hash. What is known already stays as it is."""
    by_hash = {row.content_hash: row for row in reversed(list(rows))}
    before = find_prompts(project, by_hash)
    new = [row for row in reversed(by_hash.values()) if row.content_hash not in before]
    if not new:
        return set(), before
    family, keys = families(project, new)
    rows_of = (_prompt(project, row, family[row.content_hash], keys[row.content_hash]) for row in new)
    Prompt.objects.bulk_create(rows_of, ignore_conflicts=True)
    fresh = [row.content_hash for row in new]
    return set(fresh), before | find_prompts(project, fresh)


def find_prompts(project: Project, hashes: Iterable[str]) -> dict[str, KnownPrompt]:
    found = Prompt.objects.filter(project=project, content_hash__in=list(hashes))
    rows = found.values_list("content_hash", "id", "language", "author_id")
    return {digest: KnownPrompt(pk, language, author) for digest, pk, language, author in rows}


def _prompt(project: Project, row: PromptRow, family: str, fingerprint: list[int]) -> Prompt:
    return Prompt(
        project=project,
        messages=row.messages,
        content_hash=row.content_hash,
        language=row.language,
        category=row.category,
        source=row.source,
        external_id=row.external_id,
        family=family,
        fingerprint=fingerprint,
    )
