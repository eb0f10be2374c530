"""What the console shows: work that was done, a reward model, a snapshot."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from annotation import assignment as leases
from annotation import judging
from annotation.models import Judgement, Person, Project
from exports.models import Snapshot
from exports.snapshot import freeze
from workers import jobs
from workers.models import Job, RewardModel

Judge = Callable[[Person], Judgement]


@pytest.fixture
def manager(owner: Person, signed_in: Callable[[Person], Client]) -> Client:
    return signed_in(owner)


@pytest.fixture
def judge(project: Project) -> Judge:
    """`judge(person)`: their next task, ranked in the order shown."""

    def submit(person: Person) -> Judgement:
        assignment = leases.lease_next(person=person, project=project)
        verdict = judging.Verdict(judging.overall([[sample] for sample in assignment.shown]), seconds=20)
        return judging.submit(assignment=assignment, verdict=verdict)

    return submit


@pytest.fixture
def make_model(project: Project, owner: Person) -> Callable[..., RewardModel]:
    """`make_model(version=1, **metrics)`"""

    def make(version: int = 1, **metrics: object) -> RewardModel:
        job = over(jobs.enqueue(Job.Kind.TRAIN, project=project, by=owner, arguments={}))
        known = {"project": project, "job": job, "base": "tiny", "folder": "x", "data_hash": "0" * 64, "judgements": 3}
        return RewardModel.objects.create(version=version, metrics=metrics, **known)

    return make


def over(job: Job) -> Job:
    job.state, job.finished_at = Job.State.SUCCEEDED, timezone.now()
    job.save()
    return job


@pytest.fixture
def snapshot(project: Project, owner: Person, annotator: Person, judge: Judge, fill: Callable[[int], None]) -> Snapshot:
    fill(1)
    judge(annotator)
    job = over(jobs.enqueue(Job.Kind.SNAPSHOT, project=project, by=owner, arguments={}))
    return freeze(job_id=job.pk, project=project, by=owner, query={})
