"""How far a person has come today, and what waits for them."""

from dataclasses import dataclass

from annotation.assignment import today
from annotation.models import Person, Project, WorkDay
from annotation.models.task import TaskKind
from annotation.waiting import MOST, waiting


@dataclass(frozen=True)
class Today:
    """What one person did today in one project; `cap` is None where there is none."""

    judgements: int
    skips: int
    minutes: int
    cap: int | None


@dataclass(frozen=True)
class Waiting:
    """How much work of one kind waits for somebody; `more` than was counted."""

    kind: str
    name: str
    number: int

    @property
    def more(self) -> bool:
        return self.number >= MOST


def of_person(person: Person, project: Project) -> list[Waiting]:
    return [Waiting(kind, str(TaskKind(kind).label), number) for kind, number in waiting(person, project).items()]


def of_today(person: Person, project: Project) -> Today:
    day = WorkDay.objects.filter(person=person, project=project, day=today()).first() or WorkDay()
    return as_today(day, project)


def as_today(day: WorkDay, project: Project) -> Today:
    return Today(day.judgements, day.skips, round(day.seconds / 60), project.daily_cap)
