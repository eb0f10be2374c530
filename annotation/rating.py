"""Rating the answers of a prompt one by one, without an order: a verdict that judging.py takes."""

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Self

from django.utils.translation import gettext as _

from annotation import questions
from annotation.checking import NotAcceptable, check_answers
from annotation.models import Assignment, Judgement
from annotation.models.task import TaskKind


@dataclass(frozen=True)
class Rates:
    """Ratings, flags and categories of harm by sample id as text, as in `judging.Verdict`."""

    kinds: ClassVar[tuple[str, ...]] = (TaskKind.RATE,)

    ratings: dict[str, dict[str, float]] = field(default_factory=dict)
    flags: dict[str, dict[str, bool]] = field(default_factory=dict)
    categories: dict[str, dict[str, str]] = field(default_factory=dict)
    comment: str = ""
    seconds: float | None = None

    def stored(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "seconds"}

    def checked(self, assignment: Assignment) -> Self:
        check_answers(self, set(assignment.shown), questions.of(assignment.project))
        if not (self.ratings or self.flags or self.categories):
            raise NotAcceptable(_("There are no ratings: rate each answer on the project's scales."), "ratings")
        return self

    def same(self, judgement: Judgement) -> bool:
        return all(getattr(judgement, name) == value for name, value in self.stored().items())

    def write(self, judgement: Judgement, before: Judgement | None) -> None:
        for name, value in self.stored().items():
            setattr(judgement, name, value)
        judgement.save(force_insert=True)
