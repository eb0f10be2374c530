"""What people wrote about a prompt: itself, its reviews, its demonstrations; and how each text came about."""

from dataclasses import dataclass

from annotation.models import Judgement, Prompt
from annotation.models.task import TaskKind

WRITING = (TaskKind.WRITE_PROMPT, TaskKind.REVIEW_PROMPT, TaskKind.DEMONSTRATE)


@dataclass(frozen=True)
class Written:
    """`pasted`: percent of the characters that came by pasting; None where nothing was counted."""

    judgement: Judgement
    pasted: int | None
    largest: int
    near: list[tuple[int, int]]
    """(prompt id, percent) of the near-copies that were pointed out."""

    @property
    def much(self) -> bool:
        return (self.pasted or 0) >= 50


def of_prompt(prompt: Prompt) -> list[Written]:
    """Oldest first."""
    said = Judgement.objects.current().filter(prompt=prompt, task__kind__in=WRITING)
    return [_written(each) for each in said.select_related("person", "task", "sample", "started_from").order_by("pk")]


def _written(judgement: Judgement) -> Written:
    facts = judgement.facts or {}
    near = [(int(pk), round(100 * share)) for pk, share in facts.get("near", {}).items()]
    return Written(judgement, share(facts), facts.get("largest", 0), near)


def share(facts: dict[str, int]) -> int | None:
    typed, pasted = facts.get("typed"), facts.get("pasted")
    if typed is None or pasted is None or not typed + pasted:
        return None
    return round(100 * pasted / (typed + pasted))
