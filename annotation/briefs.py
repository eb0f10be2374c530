"""What a chat task asks for: what to talk about, with how many answers a turn, and how they are judged."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from annotation.models import Lane, Person, Project, Task
from annotation.models.audit import record
from annotation.models.project import K_MAX, K_MIN
from annotation.models.task import TaskKind
from annotation.wishes import AS_USUAL, LONGEST_INSTRUCTION, Terms

MOST_TURNS = 50


@dataclass(frozen=True)
class Brief:
    """A chat task's `brief`, where what is as below is left out."""

    instruction: str = ""
    """What to talk about, for the person; may be empty."""
    system: str = ""
    """The conversation's system message, for the models; the person sees it too."""
    answers: int = 2
    """How many models answer each turn."""
    max_turns: int = 10
    ranks: bool = False
    """All answers are put in order; else the best one is chosen and the others count as equal."""
    must_rate: bool = False
    """The project's scales must be answered at every turn; else they are offered."""
    generators: Sequence[int] = ()
    """Ids of the generators to draw from; none: all of the project's that can answer."""

    @classmethod
    def of(cls, task: Task) -> "Brief":
        stored = task.brief or {}
        return cls(**{name: stored[name] for name in cls.__dataclass_fields__ if name in stored})

    def stored(self) -> dict[str, Any]:
        """Raises `ValueError` with a sentence for what makes no sense."""
        if not K_MIN <= self.answers <= K_MAX:
            raise ValueError(f"answers: from {K_MIN} to {K_MAX} models answer a turn.")
        if max(len(self.instruction), len(self.system)) > LONGEST_INSTRUCTION:
            raise ValueError(f"instruction, system: at most {LONGEST_INSTRUCTION:,} characters each.")
        if not 1 <= self.max_turns <= MOST_TURNS:
            raise ValueError(f"max_turns: a conversation has 1 to {MOST_TURNS} turns.")
        plain = Brief()
        return {name: value for name, value in asdict(self).items() if value != getattr(plain, name)}


@transaction.atomic
def make_chat_tasks(
    *, project: Project, by: Person, number: int, brief: Brief, language: str = "", terms: Terms = AS_USUAL
) -> list[Task]:
    """`number` chat tasks with the same brief, each for as many people as `terms` say. Raises `ValueError`."""
    if not project.allow_ties and brief.answers > 2 and not brief.ranks:
        raise ValueError("ranks: this project allows no ties, so more than two answers must be put in order.")
    where: dict[str, Any] = {"language": language, "cohort": terms.cohort, "purpose": Lane.Purpose.WORK}
    lane, _ = Lane.objects.get_or_create(project=project, kind=TaskKind.CHAT, **where)
    facts: dict[str, Any] = {"project": project, "lane": lane, "kind": TaskKind.CHAT, "priority": terms.priority}
    facts |= {"overlap": terms.overlap or project.overlap, "brief": brief.stored()}
    tasks = Task.objects.bulk_create((Task(**facts) for _ in range(number)), batch_size=1000)
    record("tasks.ask", actor=by, project=project, kind=TaskKind.CHAT, number=number)
    return tasks
