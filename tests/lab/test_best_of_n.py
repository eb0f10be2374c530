"""Of n answers the best goes to people; the others are kept with their scores, and nothing is lost."""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import pytest
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from annotation.intake.taking import take_prompts
from annotation.models import Generator, Person, Project, Sample, Task
from tests.generation.conftest import plain_model
from tests.lab.conftest import MakeModel
from workers import adoption, best_of_n, generating, jobs, scoring
from workers.models import Job, RewardModel, Score
from workers.reward.score import SETTINGS_FILE, ScoreSettings

__all__ = ["plain_model"]

pytestmark = pytest.mark.django_db(transaction=True)
N = 4


@pytest.fixture
def prompts(project: Project, owner: Person) -> Project:
    take_prompts(project=project, rows=[(n + 1, {"prompt": f"Say {n}."}) for n in range(3)], by=owner)
    return project


@pytest.fixture
def generator(project: Project, plain_model: Path) -> Generator:
    return Generator.objects.create(
        project=project, name="tiny", backend="transformers", location=str(plain_model),
        parameters={"options": {"threads": 1}, "max_new_tokens": 12},
    )  # fmt: skip


@pytest.fixture
def model(project: Project, make_model: MakeModel, tiny_bert: Path, owner: Person) -> RewardModel:
    """A version that is adopted and can score: a random head on a tiny encoder."""
    version = adoption.choose(model=make_model(), by=owner)
    folder = scoring.folder_of(version)
    network = AutoModelForSequenceClassification.from_pretrained(tiny_bert, num_labels=1)
    network.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(folder)
    (folder / SETTINGS_FILE).write_text(json.dumps(asdict(ScoreSettings(16, 16, 0.0))))
    return version


def generate(project: Project, **wishes: object) -> Job:
    job = generating.start(project=project, by=None, **wishes)  # type: ignore[arg-type]
    jobs.run(str(job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error
    return job


def test_it_works(prompts: Project, generator: Generator, model: RewardModel) -> None:
    generate(prompts, best_of=N, per_prompt=2)
    scores = dict(Score.objects.filter(reward_model=model).values_list("sample_id", "value"))
    drawn: dict[tuple[int, int], list[Sample]] = defaultdict(list)
    for sample in Sample.objects.all():
        drawn[sample.prompt_id, sample.parameters["best_of"]["answer"]].append(sample)
    assert len(drawn) == 3 * 2
    for samples in drawn.values():
        (kept,) = [sample for sample in samples if sample.usable]
        assert scores[kept.pk] == max(scores[sample.pk] for sample in samples)
        assert {sample.parameters["best_of"]["kept"] for sample in samples} == {True, False}
        assert len({sample.parameters["temperature"] for sample in samples}) == 1
    shown = {sample for task in Task.objects.all() for sample in task.sample_ids}
    assert not Sample.objects.filter(pk__in=shown, usable=False).exists()


def test_asking_again_makes_nothing_new(prompts: Project, generator: Generator, model: RewardModel) -> None:
    generate(prompts, best_of=N, per_prompt=2)
    with pytest.raises(jobs.Refused, match="nothing to generate"):
        generating.start(project=prompts, by=None, best_of=N, per_prompt=2)


def test_as_a_generators_setting(prompts: Project, generator: Generator, model: RewardModel) -> None:
    generator.parameters["best_of"] = 2
    generator.save()
    job = generate(prompts, per_prompt=1)
    assert job.arguments["best_of"] == 2
    assert Sample.objects.filter(usable=True).count() == 3
    assert Sample.objects.count() > 3


def test_one_draw_is_what_it_was(prompts: Project, generator: Generator) -> None:
    generate(prompts)
    assert Sample.objects.filter(usable=True).count() == 3 * prompts.k
    assert not Sample.objects.filter(parameters__has_key="best_of").exists()


@pytest.mark.parametrize("draws", [0, 65, -1, True, "4", 2.5])
def test_nonsense_is_refused(prompts: Project, generator: Generator, model: RewardModel, draws: object) -> None:
    with pytest.raises(jobs.Refused, match="whole number from 1 to 64"):
        generating.start(project=prompts, by=None, best_of=draws)  # type: ignore[arg-type]


def test_without_a_reward_model_nobody_knows_what_is_best(prompts: Project, generator: Generator) -> None:
    with pytest.raises(jobs.Refused, match="train one first"):
        generating.start(project=prompts, by=None, best_of=2)


def test_the_strategy_picks_k_of_more_than_k(prompts: Project, generator: Generator, model: RewardModel) -> None:
    Project.objects.update(next_strategy="uncertainty", k=2)
    generate(Project.objects.get(), per_prompt=5)
    scores = dict(Score.objects.values_list("sample_id", "value"))
    for prompt in prompts.prompts.all():
        own = sorted(scores[sample.pk] for sample in prompt.samples.all())
        closest = min(b - a for a, b in pairwise(own))
        tasks = [sorted(scores[s] for s in task.sample_ids) for task in prompt.tasks.all()]
        assert len(tasks) == 2
        assert min(high - low for low, high in tasks) == pytest.approx(closest)


def test_the_best_of_what_is_stored(
    project: Project, make_model: MakeModel, fill: Callable[[int], None], owner: Person
) -> None:
    fill(2)
    model = make_model()
    Score.objects.all().delete()
    first, second = (list(p.samples.order_by("pk")) for p in project.prompts.order_by("pk"))
    for sample, value in [*zip(first, [0.1, 0.9, 0.3, 2.0], strict=True), (second[0], -1.0), (second[1], -1.0)]:
        Score.objects.create(reward_model=model, sample=sample, value=value)
    Sample.objects.filter(pk=first[3].pk).update(usable=False)  # reported: not even the best of them
    found = list(best_of_n.best_samples(model))
    assert [(b.sample_id, b.score, b.of) for b in found] == [(first[1].pk, 0.9, 3), (second[0].pk, -1.0, 2)]
    Sample.objects.filter(pk=first[3].pk).update(parameters={"best_of": {"kept": False}})  # set aside: it counts
    assert next(best_of_n.best_samples(model)).sample_id == first[3].pk
    assert next(best_of_n.best_samples(model, n=1)).sample_id == first[0].pk
