"""What the pages of prompts show, in a number of statements that does not grow with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from annotation.models import Generator, Judgement, Lane, Project, Prompt, Sample, Task
from annotation.models.task import TaskKind
from webapp.console.figures import remembered
from webapp.console.written import WRITING
from workers.models import RewardModel, Score

PER_PAGE = 50
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Shown:
    rows: list[Prompt]  # each with `answers`, `demonstrations` and `judged`
    next_before: int | None  # the id before which the next page begins


def choices(project: Project) -> tuple[list[str], list[str]]:
    """The categories and the languages that the project's prompts have."""
    return _values(project, "category"), _values(project, "language")


def _values(project: Project, name: str) -> list[str]:
    found = Prompt.objects.filter(project=project).order_by(name).values_list(name, flat=True).distinct()
    return remembered(project, name, lambda: list(found))


def prompts(project: Project, wishes: dict[str, Any], *, before: str) -> Shown:
    """One page, newest first, that starts below the id `before` (keyset paging: page 1000 costs what page 1 does)."""
    labels = {name: wishes[name] for name in ("category", "language") if wishes.get(name)}
    found = _in_state(Prompt.objects.filter(project=project, **labels), project, wishes.get("state", ""))
    if before.isascii() and before.isdigit():
        found = found.filter(pk__lt=min(int(before), 2**63 - 1))
    rows = list(_counted(found).order_by("-pk")[: PER_PAGE + 1])
    return Shown(rows[:PER_PAGE], rows[PER_PAGE - 1].pk if len(rows) > PER_PAGE else None)


def _counted(found: QuerySet[Prompt]) -> QuerySet[Prompt]:
    counts = {"answers": _usable(), "demonstrations": _demonstrations(), "judged": _judged()}
    return found.annotate(**{name: _count(rows) for name, rows in counts.items()})


def _judged() -> QuerySet[Judgement]:
    """Of its answers: what people wrote is not counted."""
    return Judgement.objects.current().filter(prompt=OuterRef("pk")).exclude(task__kind__in=WRITING)


def _demonstrations() -> QuerySet[Sample]:
    return _usable().filter(generator__backend=Generator.Backend.WRITTEN)


def _usable() -> QuerySet[Sample]:
    return Sample.objects.filter(prompt=OuterRef("pk"), usable=True)


def _count(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("prompt").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _in_state(found: QuerySet[Prompt], project: Project, state: str) -> QuerySet[Prompt]:
    if state == "lacking":
        return found.alias(usable=_count(_usable())).filter(usable__lt=project.k)
    if state == "open":
        tasks = Task.objects.filter(
            prompt=OuterRef("pk"), kind=TaskKind.RANK, withdrawn_at=None, judged__lt=F("overlap"),
            lane__purpose=Lane.Purpose.WORK,
        )  # fmt: skip
        return found.filter(Exists(tasks))
    if state == "judged":
        return found.filter(Exists(_judged()))
    if state in ("demonstrated", "undemonstrated"):
        return found.filter(Exists(_demonstrations()) if state == "demonstrated" else ~Exists(_demonstrations()))
    return found.filter(review_state=state) if state in Prompt.Review.values else found


@dataclass(frozen=True)
class Answer:
    letter: str
    sample: Sample
    score: float | None


def answers(prompt: Prompt, model: RewardModel | None) -> list[Answer]:
    """The prompt's samples in the order they came, each with a letter and the model's score."""
    samples = list(prompt.samples.select_related("generator", "author").order_by("pk"))
    scores = dict(
        Score.objects.filter(reward_model=model, sample__in=samples).values_list("sample_id", "value") if model else ()
    )
    return [Answer(letter(i), sample, scores.get(sample.pk)) for i, sample in enumerate(samples)]


def letter(number: int) -> str:
    """A … Z, then A1, B1 …"""
    round_, place = divmod(number, len(LETTERS))
    return LETTERS[place] + (str(round_) if round_ else "")


def orders(judgement: Judgement, shown: Sequence[Answer]) -> list[tuple[str, str]]:
    """(criterion, "B > A = C") of each ranking, in the letters of the page."""
    letters = {answer.sample.pk: answer.letter for answer in shown}
    return [
        (ranking.criterion, " > ".join(" = ".join(letters.get(s, "?") for s in group) for group in ranking.groups))
        for ranking in judgement.rankings.all()
    ]
