"""From the database to cases: the tasks that versions are measured on, with the votes on them and their scores."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotation.comparisons import Group, groups
from annotation.models import Project
from annotation.models.judgement import OVERALL
from annotation.questions import criterion
from annotation.splitting import SPLITS, TEST, TRAIN, VALIDATION
from workers import held_out
from workers.figures.cases import Case, Scores, Vote
from workers.models import RewardModel, Score

MOST_HELD_OUT = 5000  # tasks: enough for intervals of a point, few enough for a worker's memory
MOST_TRAIN = 2000  # tasks whose answers the probe embeds


@dataclass(frozen=True)
class Division:
    """The ids of a project's judged tasks by the split of their prompts' families."""

    by_split: dict[str, list[int]]

    @property
    def chosen(self) -> str:
        """The split to measure on: validation only where there is no test, for it chose the weights."""
        return next((split for split in (TEST, VALIDATION) if self.by_split[split]), TEST)

    @property
    def measured(self) -> list[int]:
        return _some(self.by_split[self.chosen], MOST_HELD_OUT)

    @property
    def trained(self) -> list[int]:
        return _some(self.by_split[TRAIN], MOST_TRAIN)


def _some(ids: list[int], most: int) -> list[int]:
    return ids if len(ids) <= most else sorted(random.Random(0).sample(ids, most))


JUDGED = """
SELECT task.id, prompt.family
  FROM annotation_task task JOIN annotation_prompt prompt ON prompt.id = task.prompt_id
  JOIN annotation_lane lane ON lane.id = task.lane_id
 WHERE task.project_id = %s AND task.judged > 0 AND lane.purpose = 'work' ORDER BY task.id
"""


def division(project: Project, *seeds: int) -> Division:
    """Judged tasks by split. With several seeds a split holds what falls into it by each of them."""
    found: dict[str, list[int]] = {split: [] for split in SPLITS}
    with connection.cursor() as cursor:
        cursor.execute(JUDGED, [project.pk])
        for task, family in cursor.fetchall():
            splits = {held_out.split(family, seed) for seed in seeds}
            if len(splits) == 1:
                found[splits.pop()].append(task)
    return Division(found)


FACTS = """
SELECT task.id, prompt.language, prompt.category, max(judgement.created_at)::date,
       json_agg(json_build_array(judgement.person_id, coalesce(judgement.strength, 0), ranking.sample_ids,
                                 ranking.ranks) ORDER BY judgement.id)
  FROM annotation_task task JOIN annotation_prompt prompt ON prompt.id = task.prompt_id
  JOIN annotation_judgement judgement ON judgement.task_id = task.id AND judgement.is_current
  JOIN annotation_ranking ranking ON ranking.judgement_id = judgement.id AND ranking.criterion = %s
 WHERE task.id = ANY (%s) GROUP BY task.id, prompt.language, prompt.category
"""


def cases(project: Project, tasks: Sequence[int]) -> list[Case]:
    """The named tasks as cases, in the order of `comparisons.groups`."""
    with connection.cursor() as cursor:
        cursor.execute(FACTS, [criterion(project, OVERALL), list(tasks)])
        facts = {row[0]: row[1:] for row in cursor.fetchall()}
    return [_case(group, *facts[group.task_id]) for group in groups(project, tasks=tasks) if group.task_id in facts]


def _case(group: Group, language: str, category: str, day: Any, votes: list[list[Any]]) -> Case:
    return Case(
        task=group.task_id,
        family=group.family,
        samples=group.sample_ids,
        lengths=[len(text) for text in group.texts],
        first=group.first,
        second=group.second,
        probability=group.probability,
        weight=group.weight,
        votes=[Vote(who, dict(zip(ids, ranks, strict=True)), strength) for who, strength, ids, ranks in votes],
        language=language,
        category=category,
        day=day,
    )


def scores(model: RewardModel, samples: Collection[int]) -> Scores:
    """What `model` gives those of `samples` that it has scored."""
    found = Score.objects.filter(reward_model=model, sample_id__in=list(samples))
    return dict(found.values_list("sample_id", "value"))


def samples_of(found: Sequence[Case]) -> set[int]:
    return {sample for case in found for sample in case.samples}
