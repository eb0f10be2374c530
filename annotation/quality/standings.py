"""The table of a project's models by what people preferred: see bradley_terry.py."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log

from django.db import connection
from scipy.special import expit

from annotation.models import Generator, Project
from annotation.models.judgement import OVERALL
from annotation.quality.bradley_terry import Strengths, components, meetings, strengths
from annotation.questions import criterion

MOST = 20_000  # judgements, the newest: a second's work
RATING, SCALE = 1000, 400 / log(10)  # as in chess: 400 points are odds of ten to one
STEP, LONGEST = 0.2, 3.0  # of the logarithm of two lengths' ratio: steps of a fifth, and the most that counts


@dataclass(frozen=True)
class Standing:
    """One model. `rating` 1000 is the mean; `share` is how often it is preferred to another of the table's models."""

    generator: Generator
    strength: float
    low: float | None
    high: float | None
    share: float
    wins: int
    ties: int
    losses: int
    component: int

    @property
    def rating(self) -> int:
        return rating(self.strength)

    @property
    def interval(self) -> tuple[int, int] | None:
        return None if self.low is None or self.high is None else (rating(self.low), rating(self.high))

    @property
    def comparisons(self) -> int:
        return self.wins + self.ties + self.losses


def rating(strength: float) -> int:
    return round(RATING + SCALE * strength)


@dataclass(frozen=True)
class Table:
    """Best first. `effect` is what a longer answer gains in logits where it is e times as long, with its interval."""

    rows: list[Standing]
    controlled: bool
    judgements: int
    comparisons: int
    effect: float
    effect_interval: tuple[float, float] | None
    components: int


def table(project: Project, *, controlled: bool = False) -> Table:
    """From the newest `MOST` judgements. Two answers of one model say nothing about models, and are left out."""
    found = list(_comparisons(project))
    generators = Generator.objects.in_bulk({g for _, _, a, b, _, _ in found for g in (a, b)})
    numbers = {pk: n for n, pk in enumerate(sorted(generators))}
    families: dict[str, int] = {}
    rows = [
        (families.setdefault(family, len(families)), numbers[a], numbers[b], x if controlled else 0.0, outcome)
        for _, family, a, b, x, outcome in found
    ]
    judged = len({judgement for judgement, *_ in found})
    if not rows:
        return Table([], controlled, 0, 0, 0.0, None, 0)
    met = meetings(len(numbers), rows)
    fitted, sets = strengths(met, controlled=controlled), components(len(numbers), met)
    standings = _standings([generators[pk] for pk in sorted(generators)], fitted, sets, rows)
    return Table(standings, controlled, judged, len(rows), fitted.effect, fitted.effect_interval, len(set(sets)))


def _standings(
    generators: Sequence[Generator],
    fitted: Strengths,
    sets: Sequence[int],
    rows: Sequence[tuple[int, int, int, float, float]],
) -> list[Standing]:
    tallies: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for _, a, b, _, outcome in rows:
        place = {1.0: 0, 0.5: 1, 0.0: 2}[outcome]
        tallies[a][place] += 1
        tallies[b][2 - place] += 1
    value = fitted.value
    rated = [
        Standing(
            generator,
            float(value[n]),
            None if fitted.low is None else float(fitted.low[n]),
            None if fitted.high is None else float(fitted.high[n]),
            float(sum(expit(value[n] - value[m]) for m in range(len(value)) if m != n) / max(len(value) - 1, 1)),
            tallies[n][0],
            tallies[n][1],
            tallies[n][2],
            sets[n],
        )
        for n, generator in enumerate(generators)
    ]
    return sorted(rated, key=lambda standing: (standing.component, -standing.strength))


RANKINGS = """
SELECT judgement.id, prompt.family, ranking.ranks,
       (SELECT array_agg(sample.generator_id ORDER BY ids.place)
          FROM unnest(ranking.sample_ids) WITH ORDINALITY ids(id, place)
          JOIN annotation_sample sample ON sample.id = ids.id),
       (SELECT array_agg(length(sample.text) ORDER BY ids.place)
          FROM unnest(ranking.sample_ids) WITH ORDINALITY ids(id, place)
          JOIN annotation_sample sample ON sample.id = ids.id)
  FROM (SELECT judgement.id, judgement.prompt_id FROM annotation_judgement judgement
          JOIN annotation_task task ON task.id = judgement.task_id
          JOIN annotation_lane lane ON lane.id = task.lane_id
         WHERE judgement.project_id = %s AND judgement.is_current AND lane.purpose = 'work'
         ORDER BY judgement.id DESC LIMIT %s) judgement
  JOIN annotation_ranking ranking ON ranking.judgement_id = judgement.id AND ranking.criterion = %s
  JOIN annotation_prompt prompt ON prompt.id = judgement.prompt_id
 ORDER BY judgement.id
"""


def _comparisons(project: Project) -> Iterator[tuple[int, str, int, int, float, float]]:
    """(judgement, family, model a, model b, how much longer a is, outcome) of each pair of different models."""
    with connection.cursor() as cursor:
        cursor.execute(RANKINGS, [project.pk, MOST, criterion(project, OVERALL)])
        for judgement, family, ranks, models, lengths in cursor.fetchall():
            for i, j in combinations(range(len(models or ())), 2):
                if models[i] != models[j]:
                    outcome = 0.5 if ranks[i] == ranks[j] else float(ranks[i] < ranks[j])
                    yield judgement, family, models[i], models[j], _longer(lengths[i], lengths[j]), outcome


def _longer(a: int, b: int) -> float:
    """The logarithm of the lengths' ratio in steps, so that alike meetings are counted together."""
    ratio = max(-LONGEST, min(LONGEST, log((a + 1) / (b + 1))))
    return round(round(ratio / STEP) * STEP, 6)
