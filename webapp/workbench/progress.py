"""How far a person has come today."""

from dataclasses import dataclass

from annotation.assignment import today
from annotation.models import Person, Project, WorkDay


@dataclass(frozen=True)
class Today:
    """What one person did today in one project; `cap` is None where there is none."""

    judgements: int
    skips: int
    minutes: int
    cap: int | None


def of_today(person: Person, project: Project) -> Today:
    day = WorkDay.objects.filter(person=person, project=project, day=today()).first() or WorkDay()
    return Today(day.judgements, day.skips, round(day.seconds / 60), project.daily_cap)
