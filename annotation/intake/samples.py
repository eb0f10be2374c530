"""Answers into the database: each text once a prompt, and the models that wrote them by name."""

from array import array
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from annotation.content import text_hash
from annotation.intake.outcome import Taken
from annotation.intake.prompts import ensure_prompts
from annotation.intake.rows import GeneratorRow, SampleRow
from annotation.models import Generator, Project, Prompt, Sample
from annotation.tasks import form_rank_tasks

FORM_AT_ONCE = 10_000  # prompts
# Of these an import makes new ones; a live model has settings that a row does not bring.
PASSIVE = (Generator.Backend.IMPORTED, Generator.Backend.WRITTEN)

SampleKey = tuple[int, str]  # prompt id, text hash


@dataclass(frozen=True)
class KnownSample:
    """What the rest of an import needs to know of an answer that is in the database."""

    id: int
    author_id: int | None
    usable: bool


@dataclass(frozen=True)
class NewSample:
    """An answer whose prompt and generator are in the database."""

    prompt_id: int
    generator_id: int
    text: str
    parameters: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    finish_reason: str = ""

    @cached_property
    def key(self) -> SampleKey:
        return self.prompt_id, text_hash(self.text)


class Generators:
    """A project's generators by name; those that nobody knows yet are made."""

    def __init__(self, project: Project):
        self.project = project
        self.ids = dict(Generator.objects.filter(project=project).values_list("name", "id"))

    def ensure(self, rows: Iterable[GeneratorRow]) -> None:
        missing: dict[str, GeneratorRow] = {}
        for row in rows:
            if row.name not in self.ids and row.backend in PASSIVE:
                missing.setdefault(row.name, row)
        if not missing:
            return
        new = (Generator(project=self.project, **asdict(row)) for row in missing.values())
        Generator.objects.bulk_create(new, ignore_conflicts=True)
        found = Generator.objects.filter(project=self.project, name__in=missing)
        self.ids.update(found.values_list("name", "id"))

    def problem(self, row: GeneratorRow) -> str | None:
        """Why the row's generator cannot be used, if so."""
        if row.name in self.ids:
            return None
        return (
            f"There is no generator {row.name!r:.80} with the backend {row.backend}: "
            "set it up in the project first, or leave the backend out."
        )


class SampleWriter:
    kind = "samples"

    def __init__(self, project: Project):
        self.project = project
        self.generators = Generators(project)
        self.touched = array("q")  # 8 bytes a prompt, so that memory stays flat

    def write(self, batch: list[tuple[int, SampleRow]], taken: Taken) -> None:
        self.generators.ensure(row.generator for _, row in batch)
        placed = self._placed(batch, taken)
        new, _ = ensure_samples(placed)
        for sample in placed:
            taken.count(new=sample.key in new)
            new.discard(sample.key)
        self.touched.extend({sample.prompt_id for sample in placed})

    def _placed(self, batch: list[tuple[int, SampleRow]], taken: Taken) -> list[NewSample]:
        """The rows with their prompt's and their generator's id; those that have none are refused."""
        named = {row.prompt_id for _, row in batch if row.prompt_id is not None}
        here = set(Prompt.objects.filter(project=self.project, pk__in=named).values_list("pk", flat=True))
        good = []
        for line, row in batch:
            if reason := self.generators.problem(row.generator) or _no_prompt(row, here):
                taken.refuse(line, reason)
            else:
                good.append(row)
        _, prompts = ensure_prompts(self.project, [row.prompt for row in good if row.prompt])
        return [self._sample(prompts[r.prompt.content_hash].id if r.prompt else r.prompt_id or 0, r) for r in good]

    def _sample(self, prompt_id: int, row: SampleRow) -> NewSample:
        generator_id = self.generators.ids[row.generator.name]
        return NewSample(prompt_id, generator_id, row.text, row.parameters, row.seed, row.finish_reason)

    def finish(self) -> None:
        for start in range(0, len(self.touched), FORM_AT_ONCE):
            form_rank_tasks(project=self.project, prompt_ids=self.touched[start : start + FORM_AT_ONCE])


def _no_prompt(row: SampleRow, here: set[int]) -> str | None:
    if row.prompt or row.prompt_id in here:
        return None
    return f"There is no such prompt ({row.prompt_id}) in this project: give one of its prompt_ids, or the prompt."


def ensure_samples(samples: Iterable[NewSample]) -> tuple[set[SampleKey], dict[SampleKey, KnownSample]]:
    """The keys that were new, and every sample's row by its key. Of the same text the first one stays."""
    by_key: dict[SampleKey, NewSample] = {}
    for sample in samples:
        by_key.setdefault(sample.key, sample)
    before = find_samples(by_key)
    new = {key: sample for key, sample in by_key.items() if key not in before}
    if not new:
        return set(), before
    Sample.objects.bulk_create((_sample(key, sample) for key, sample in new.items()), ignore_conflicts=True)
    return set(new), before | find_samples(new)


def find_samples(keys: Iterable[SampleKey]) -> dict[SampleKey, KnownSample]:
    keys = set(keys)
    found = Sample.objects.filter(prompt_id__in={key[0] for key in keys}, text_hash__in={key[1] for key in keys})
    rows = found.values_list("prompt_id", "text_hash", "id", "author_id", "usable")
    return {(prompt_id, digest): KnownSample(pk, author, usable) for prompt_id, digest, pk, author, usable in rows}


def _sample(key: SampleKey, sample: NewSample) -> Sample:
    return Sample(
        prompt_id=sample.prompt_id,
        generator_id=sample.generator_id,
        text=sample.text,
        text_hash=key[1],
        parameters=sample.parameters,
        seed=sample.seed,
        finish_reason=sample.finish_reason,
        usable=bool(sample.text.strip()),  # an empty answer is kept, but never shown
    )
