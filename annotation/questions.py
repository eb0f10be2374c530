"""What a project asks of a task besides one order, read from `Project.questions` (its shape: see presets.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from annotation.models import Project
from annotation.models.judgement import OVERALL


@dataclass(frozen=True)
class Item:
    """One question: the name that data carry, and what people read."""

    name: str
    label: str


@dataclass(frozen=True)
class Scale(Item):
    """A rating of each answer in whole steps, both ends included."""

    low: int
    high: int


@dataclass(frozen=True)
class Questions:
    """All that is asked; empty where a project asks for the order alone."""

    criteria: tuple[Item, ...]
    """Rankings of their own; none: one overall order."""
    scales: tuple[Scale, ...]
    flags: tuple[Item, ...]
    categories: tuple[Item, ...]
    severities: tuple[Item, ...]
    """How bad a category may be, mildest first; none: a category applies or does not."""
    strength: bool
    """Llama 2's four steps, for two answers."""

    @property
    def nothing(self) -> bool:
        return not (self.criteria or self.scales or self.flags or self.categories or self.strength)

    @property
    def orders(self) -> tuple[str, ...]:
        """The criteria to rank by, the main one first."""
        return tuple(item.name for item in self.criteria) or (OVERALL,)


def of(project: Project) -> Questions:
    stored: dict[str, Any] = project.questions
    return Questions(
        scales=tuple(Scale(s["name"], s["label"], s["min"], s["max"]) for s in stored.get("scales", ())),
        strength=bool(stored.get("strength")),
        **{kind: _items(stored, kind) for kind in ("criteria", "flags", "categories", "severities")},
    )


def _items(stored: dict[str, Any], kind: str) -> tuple[Item, ...]:
    return tuple(Item(item["name"], item["label"]) for item in stored.get(kind, ()))


def loses_rankings(project: Project, criteria: Sequence[str]) -> bool:
    """Whether asking by these from now on would lose rankings by others to training and exports."""
    return [item.name for item in of(project).criteria] != list(criteria) and project.judgements.exists()


def criterion(project: Project, asked: str = OVERALL) -> str:
    """The criterion under which the project's rankings lie.

    `overall` is every project's main order: in one with criteria of its own it is the first of them, so that scripts,
    exports and training that name none work there too.
    """
    orders = of(project).orders
    return orders[0] if asked == OVERALL and OVERALL not in orders else asked
