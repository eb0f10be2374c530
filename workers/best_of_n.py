"""Best of n (Llama 2's rejection sampling, Touvron et al. 2023, section 3.2.3): draw n answers, keep the best scored.

While generating: each answer that a prompt lacks is drawn n times, the adopted reward model scores all, and the best
becomes the sample that people see. The others are kept, with their scores and `usable` off, so that nothing is lost:
`parameters.best_of` says of how many, which answer of the prompt they were drawn for, and who was kept.

From what is stored: `best_samples` answers a prompt's best sample by a version's scores, for the export.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection
from django.utils.translation import gettext_noop

from annotation.models import Project, Prompt, Sample
from annotation.models.project import NextStrategy
from workers import jobs, scoring
from workers.models import RewardModel, Score

if TYPE_CHECKING:
    from workers.reward.score import Scorer

MOST = 64
NO_JUDGE = gettext_noop(
    "Best of n needs an adopted reward model to say what is best: train one first, or adopt one by hand."
)

Drawn = tuple[int, Sample]  # which of the prompt's answers it was drawn for, and the unsaved sample
TextScores = dict[tuple[int, str], float]  # by prompt and text's hash


def checked(project: Project, draws: object) -> int:
    """`draws` as a number that makes sense. Raises `jobs.Refused`, also where there is no model to say what is best."""
    if not isinstance(draws, int) or isinstance(draws, bool) or not 1 <= draws <= MOST:
        value = repr(draws)
        raise jobs.Refused("best_of must be a whole number from 1 to %(most)d, not %(value)s.", most=MOST, value=value)
    if draws > 1 and RewardModel.objects.adopted(project) is None:
        raise jobs.Refused(NO_JUDGE)
    return draws


@dataclass(frozen=True)
class Judge:
    """The adopted version at work beside the generator."""

    model: RewardModel
    scorer: "Scorer"

    def choose(self, drawn: Sequence[Drawn], prompts: Sequence[Prompt], draws: int) -> TextScores:
        """Score the new samples, and set aside all but the best for each answer where several were drawn for it."""
        by_prompt: dict[int, list[Drawn]] = defaultdict(list)
        for number, sample in drawn:
            by_prompt[sample.prompt_id].append((number, sample))
        scores: TextScores = {}
        for prompt in prompts:
            own = by_prompt[prompt.pk]
            values = self.scorer.score(prompt.messages, [sample.text for _, sample in own]) if own else []
            scores |= {(prompt.pk, s.text_hash): value for (_, s), value in zip(own, values, strict=True)}
            if draws > 1:
                self._set_aside(own, values, draws)
        return scores

    def _set_aside(self, own: Sequence[Drawn], values: Sequence[float], draws: int) -> None:
        best: dict[int, float] = {}
        for (number, _), value in zip(own, values, strict=True):
            best[number] = max(value, best.get(number, value))
        for (number, sample), value in zip(own, values, strict=True):
            kept = best.get(number) == value
            if kept:
                del best[number]  # of two that score the same the first is kept
            sample.usable = kept
            facts = {"n": draws, "answer": number, "kept": kept, "reward_model": self.model.version}
            sample.parameters = {**sample.parameters, "best_of": facts}

    def keep(self, scores: TextScores, prompt_ids: Sequence[int]) -> None:
        """Write the scores of what is saved by now."""
        saved = Sample.objects.filter(prompt__in=prompt_ids, text_hash__in={text for _, text in scores})
        scoring.keep(
            [
                Score(reward_model=self.model, sample_id=pk, value=scores[prompt, text])
                for pk, prompt, text in saved.values_list("pk", "prompt_id", "text_hash")
                if (prompt, text) in scores
            ]
        )


def judge_of(project: Project, *, draws: int, per_prompt: int) -> Judge | None:
    """Who scores new answers at once: where several are drawn for one, or a strategy picks K of more than K."""
    picks = project.next_strategy != NextStrategy.ARRIVAL and per_prompt > project.k
    model = RewardModel.objects.adopted(project)
    if model is None or not (draws > 1 or picks):
        if draws > 1:
            raise jobs.Refused(NO_JUDGE)
        return None
    return Judge(model, scoring.scorer_of(model))


@dataclass(frozen=True)
class Best:
    """A prompt's best sample, and of how many scored ones."""

    prompt_id: int
    sample_id: int
    score: float
    of: int


# A prompt's scored answers: those that people may see and those that best of n set aside; with `n`, the n oldest.
BEST = """
SELECT DISTINCT ON (prompt_id) prompt_id, id, value, count(*) OVER (PARTITION BY prompt_id)
  FROM (SELECT sample.prompt_id, sample.id, score.value,
               row_number() OVER (PARTITION BY sample.prompt_id ORDER BY sample.id) AS place
          FROM workers_score score
          JOIN annotation_sample sample ON sample.id = score.sample_id
          JOIN annotation_prompt prompt ON prompt.id = sample.prompt_id
         WHERE score.reward_model_id = %(model)s AND prompt.review_state = 'accepted'
           AND (sample.usable OR sample.parameters ? 'best_of')) answer
 WHERE %(n)s::integer IS NULL OR place <= %(n)s
 ORDER BY prompt_id, value DESC, id
"""
FETCHED = 1000


def best_samples(model: RewardModel, n: int | None = None) -> Iterator[Best]:
    """Of each accepted prompt with scores, the sample that `model` scores highest, prompts in the order of their ids.

    With `n` only the first n answers of a prompt count: what best of n with n draws would have kept. Streamed.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(BEST, {"model": model.pk, "n": n})
        while rows := cursor.fetchmany(FETCHED):
            yield from (Best(*row) for row in rows)
