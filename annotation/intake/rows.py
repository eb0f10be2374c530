"""What a reader hands on: one record a prompt, an answer or a ranking; or the reason why a row is none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from annotation import content
from annotation.models.judgement import OVERALL

Data = Mapping[str, Any]  # a JSON object as it was found


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be taken: the line it starts on, and a sentence with the reason and the cure."""

    line: int
    reason: str


@dataclass(frozen=True)
class PromptRow:
    """A conversation that ends where a model answers; `family` as given, or else the content's hash."""

    messages: list[content.Message]
    language: str = ""
    category: str = ""
    source: str = ""
    external_id: str = ""
    given_family: str = ""

    @cached_property
    def content_hash(self) -> str:
        return content.content_hash(self.messages)

    @property
    def family(self) -> str:
        return self.given_family or self.content_hash

    @property
    def weight(self) -> int:
        """Roughly how many characters it holds: batches are bounded by it."""
        return sum(len(message["content"]) for message in self.messages)


@dataclass(frozen=True)
class GeneratorRow:
    """Who wrote an answer, by name; `backend` and `parameters` count only when the name is new."""

    name: str
    backend: str = "imported"
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SampleRow:
    """An answer to a prompt that is named by `prompt_id` or given whole."""

    text: str
    generator: GeneratorRow
    prompt_id: int | None = None
    prompt: PromptRow | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    finish_reason: str = ""

    @property
    def weight(self) -> int:
        return len(self.text) + (self.prompt.weight if self.prompt else 0)


@dataclass(frozen=True)
class ResponseRow:
    text: str
    generator: GeneratorRow


@dataclass(frozen=True)
class ComparisonRow:
    """One person's weak order of different answers: `ranks[i]` of `responses[i]`, dense, 0 best, equal ranks tie."""

    prompt: PromptRow
    responses: tuple[ResponseRow, ...]
    ranks: tuple[int, ...]
    annotator: str = ""  # empty: nobody says who
    criterion: str = OVERALL
    strength: int | None = None

    @property
    def weight(self) -> int:
        return self.prompt.weight + sum(len(response.text) for response in self.responses)


@dataclass(frozen=True)
class TreeRow:
    """A message tree as it was found, beside the comparisons that are made of it: JSON as text."""

    external_id: str
    body: str

    @property
    def weight(self) -> int:
        return len(self.body)


Record = PromptRow | SampleRow | ComparisonRow | TreeRow
Rows = Iterator[tuple[int, Record] | BadRow]
