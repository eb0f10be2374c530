"""The dashboard's numbers: a constant number of statements, over indexes and the days that judging.py counts."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from annotation.assignment import today
from annotation.models import Judgement, Lane, Project, Prompt, Sample, Task, WorkDay

DAYS = 30
# A count may take one twentieth of the time at most, however often the page asks: slow ones are remembered.
REST = 20
QUICK_S = 0.05
RECENT = 200  # judgements of one person that their median is taken over
PEOPLE = 30

T = TypeVar("T")


@dataclass(frozen=True)
class Counts:
    """`slots` is how many judgements the tasks want in all, `judged` how many of these there are."""

    prompts: int
    answers: int
    tasks: int
    finished: int
    slots: int
    judged: int
    judgements: int

    @property
    def percent(self) -> int:
        return 100 * self.judged // self.slots if self.slots else 0


def counts(project: Project) -> Counts:
    return Counts(
        prompts=remembered(project, "prompts", lambda: Prompt.objects.filter(project=project).count()),
        answers=remembered(project, "answers", lambda: Sample.objects.filter(prompt__project=project).count()),
        judgements=remembered(
            project, "judgements", lambda: Judgement.objects.current().filter(project=project).count()
        ),
        **remembered(project, "tasks", lambda: _task_counts(project)),
    )


def _task_counts(project: Project) -> dict[str, int]:
    # A gold task is for everybody: it is never finished.
    work = Task.objects.filter(project=project, withdrawn_at=None, lane__purpose=Lane.Purpose.WORK)
    return work.aggregate(
        tasks=Count("pk"),
        finished=Count("pk", filter=Q(judged__gte=F("overlap"))),
        slots=Coalesce(Sum("overlap"), 0),
        judged=Coalesce(Sum("judged"), 0),
    )


def remembered(project: Project, name: str, count: Callable[[], T]) -> T:
    key = f"console:{name}:{project.pk}"
    known: T | None = cache.get(key)
    if known is not None:
        return known
    started = time.monotonic()
    counted = count()
    if (took := time.monotonic() - started) > QUICK_S:
        cache.set(key, counted, REST * took)
    return counted


@dataclass(frozen=True)
class Day:
    day: date
    judgements: int
    people: int


def days(project: Project) -> list[Day]:
    """The last `DAYS` days, today last, those without work too."""
    now = today()
    first = now - timedelta(days=DAYS - 1)
    worked = WorkDay.objects.filter(project=project, day__gte=first, judgements__gt=0).values("day").order_by("day")
    found = {row["day"]: row for row in worked.annotate(count=Sum("judgements"), people=Count("person"))}
    none = {"count": 0, "people": 0}
    dates = [first + timedelta(days=n) for n in range(DAYS)]
    return [Day(day, found.get(day, none)["count"], found.get(day, none)["people"]) for day in dates]


# One statement for the table of people; the median is over each one's newest judgements, along their own index.
WORKERS = """
SELECT person.username, coalesce(nullif(person.display_name, ''), person.username) AS name,
       work.total, work.today, work.skips, work.days, work.newest, recent.median
  FROM (SELECT person_id, sum(judgements) AS total, sum(skips) AS skips, count(*) AS days, max(day) AS newest,
               coalesce(sum(judgements) FILTER (WHERE day = %(today)s), 0) AS today
          FROM annotation_workday WHERE project_id = %(project)s GROUP BY person_id
         ORDER BY total DESC, person_id LIMIT %(people)s) work
  JOIN annotation_person person ON person.id = work.person_id
 CROSS JOIN LATERAL (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median
          FROM (SELECT seconds FROM annotation_judgement
                 WHERE person_id = work.person_id AND project_id = %(project)s AND is_current
                 ORDER BY id DESC LIMIT %(recent)s) newest) recent
 ORDER BY work.total DESC, work.person_id
"""


@dataclass(frozen=True)
class Worker:
    """`median`: seconds a judgement, over their newest ones; None where nobody measured."""

    username: str
    name: str
    total: int
    today: int
    skips: int
    days: int
    newest: date
    median: float | None


def workers(project: Project) -> list[Worker]:
    """Who did how many, most first."""
    given: dict[str, Any] = {"project": project.pk, "today": today(), "people": PEOPLE, "recent": RECENT}
    with connection.cursor() as cursor:
        cursor.execute(WORKERS, given)
        return [Worker(*row) for row in cursor.fetchall()]
