"""A project with rankings and versions whose scores are set by hand: no model is trained here."""

from collections.abc import Callable

import pytest

from annotation import assignment as leases
from annotation import judging
from annotation.models import Judgement, Person, Project, Sample
from tests.console.conftest import over
from tests.reward.conftest import tiny_bert
from workers import held_out, jobs
from workers.models import Job, RewardModel, Score

__all__ = ["tiny_bert"]

Judge = Callable[..., Judgement]
MakeModel = Callable[..., RewardModel]


@pytest.fixture
def judge(project: Project) -> Judge:
    """`judge(person)`: their next task, the oldest answer first in the order; `reverse=True`: last."""

    def submit(person: Person, reverse: bool = False) -> Judgement:
        assignment = leases.lease_next(person=person, project=project)
        order = [[sample] for sample in sorted(assignment.shown, reverse=reverse)]
        return judging.submit(assignment=assignment, verdict=judging.Verdict(judging.overall(order), seconds=20))

    return submit


@pytest.fixture
def ranked(project: Project, annotator: Person, judge: Judge, fill: Callable[[int], None]) -> Project:
    """40 prompts, each ranked: an older answer is better."""
    fill(40)
    for _ in range(40):
        judge(annotator)
    return project


@pytest.fixture
def make_model(project: Project, owner: Person) -> MakeModel:
    """`make_model(right=0.8)`: the next version; in so many of the prompts its scores follow the rankings."""

    def make(right: float = 1.0, judgements: int = 3, **fields: object) -> RewardModel:
        job = over(jobs.enqueue(Job.Kind.TRAIN, project=project, by=owner, arguments={}))
        version = RewardModel.objects.filter(project=project).count() + 1
        known = {"project": project, "job": job, "base": "tiny", "folder": "x", "data_hash": "0" * 64}
        newest = Judgement.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        known |= {"judgements": judgements, "last_judgement": newest, "version": version}
        model = RewardModel.objects.create(**{**known, **fields})
        give_scores(model, right)
        return model

    return make


def give_scores(model: RewardModel, right: float) -> None:
    """Held-out prompts count apart, so that the share holds among them too."""
    prompts = list(model.project.prompts.order_by("pk"))
    for split in ("train", "validation", "test"):
        own = [prompt for prompt in prompts if held_out.split(prompt.family) == split]
        for place, prompt in enumerate(own):
            sign = -1 if place < right * len(own) else 1
            samples = Sample.objects.filter(prompt=prompt).order_by("pk")
            Score.objects.bulk_create(
                Score(reward_model=model, sample=sample, value=sign * float(n)) for n, sample in enumerate(samples)
            )


def running(job: Job) -> jobs.RunningJob:
    """The job as its handler sees it."""
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, attempt=1)
    return jobs.RunningJob(Job.objects.select_related("project", "created_by").get(pk=job.pk))
