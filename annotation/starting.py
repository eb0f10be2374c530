"""Where a demonstration may start: the answer that people put first so far."""

from collections import defaultdict
from collections.abc import Iterable

from annotation.models import Assignment, Person, Prompt, Ranking, Sample
from annotation.models.task import TaskKind
from annotation.questions import criterion


def may_start(assignment: Assignment) -> bool:
    return assignment.task.kind == TaskKind.DEMONSTRATE and assignment.project.start_from_best


def best_ranked(prompt: Prompt, person: Person) -> Sample | None:
    """The usable answer with the greatest share of comparisons won (a tie is half), which `person` did not write.

    By the current rankings of everybody, by the project's main criterion; None where there are none.
    """
    by = {"criterion": criterion(prompt.project), "judgement__is_current": True}
    rankings = Ranking.objects.filter(judgement__prompt=prompt, **by).values_list("sample_ids", "ranks")
    shares = _shares(rankings)
    usable = Sample.objects.filter(pk__in=shares, usable=True).exclude(author=person).order_by("pk")
    return max(usable, key=lambda sample: shares[sample.pk], default=None)


def _shares(rankings: Iterable[tuple[list[int], list[int]]]) -> dict[int, float]:
    """Sample id → the share of its comparisons that it won."""
    won: dict[int, float] = defaultdict(float)
    met: dict[int, int] = defaultdict(int)
    for sample_ids, ranks in rankings:
        for sample, rank in zip(sample_ids, ranks, strict=True):
            won[sample] += sum(1.0 if rank < other else 0.5 if rank == other else 0.0 for other in ranks) - 0.5
            met[sample] += len(ranks) - 1
    return {sample: won[sample] / max(1, met[sample]) for sample in met}


def offer(assignment: Assignment, sample: Sample) -> None:
    """From now on this is what the demonstration may start from, whatever is ranked meanwhile."""
    assignment.shown = [sample.pk]
    assignment.save(update_fields=["shown"])
