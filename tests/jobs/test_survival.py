"""A worker is killed with SIGKILL in the middle of its job. Another one ends it, with the same result as if nothing
had happened. Real Celery workers, a real broker, a real trainer."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from annotation import projects
from annotation.intake.taking import take_comparisons, take_prompts
from annotation.models import Generator, Person, Project, Sample
from tests.reward.synthetic import WORDS, make_groups
from workers import generating, jobs, training
from workers.models import Job, RewardModel

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PATIENCE_S = 120
StartWorker = Callable[[str], subprocess.Popen[bytes]]


@pytest.fixture
def start_worker() -> Iterator[StartWorker]:
    """`start_worker("train")`: a Celery worker of that queue over this test's database."""
    started: list[subprocess.Popen[bytes]] = []

    def start(queue: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "-A", "workers.app", "worker", "-Q", queue, "-P", "solo"]
        environment = {
            **os.environ, "DATABASE_URL": database_url(), "JOB_HEARTBEAT_S": "1", "JOB_LOST_AFTER_S": "3",
        }  # fmt: skip
        started.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def database_url() -> str:
    facts = connection.settings_dict
    return (
        f"postgresql://{facts['USER']}:{facts['PASSWORD']}@/{facts['NAME']}?host={facts['HOST']}&port={facts['PORT']}"
    )


@pytest.fixture
def twin(owner: Person) -> Project:
    """A second project with the same content, whose jobs nobody disturbs."""
    return projects.create(by=owner, slug="twin", name="Twin", languages=["en"])


def kill_in_the_middle(job: Job, start_worker: StartWorker, reached: Callable[[Job], bool]) -> Job:
    """Kill the job's worker once it `reached` its middle; wait until the next worker has ended the job."""
    worker = start_worker(job.queue)
    wait_for(job, reached)
    worker.kill()
    worker.wait()
    start_worker(job.queue)
    ended = wait_for(job, lambda job: job.is_over, each=beat)
    assert ended.state == Job.State.SUCCEEDED, ended.error
    assert ended.attempt == 2
    return ended


def beat() -> None:
    jobs.revive_lost()


def wait_for(job: Job, reached: Callable[[Job], bool], each: Callable[[], None] = lambda: None) -> Job:
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        job.refresh_from_db()
        if reached(job):
            return job
        assert not job.is_over, f"it ended too soon: {job.state} {job.error}"
        each()
        time.sleep(0.05)
    raise AssertionError(f"after {PATIENCE_S} s it is at {job.state}, {job.done} of {job.total} {job.phase}: {job.log}")


@pytest.fixture(autouse=True)
def impatient(settings: Any) -> None:
    settings.JOB_LOST_AFTER_S = 3


def test_generation(
    project: Project, twin: Project, owner: Person, plain_model: Path, start_worker: StartWorker
) -> None:
    def answers(of: Project) -> set[tuple[str, str]]:
        return set(Sample.objects.filter(prompt__project=of).values_list("prompt__content_hash", "text"))

    made = []
    for which in (project, twin):
        take_prompts(project=which, rows=[(n + 1, {"prompt": f"Say {n}."}) for n in range(16)], by=owner)
        generator = Generator.objects.create(
            project=which, name="tiny", backend="transformers", location=str(plain_model),
            parameters={"options": {"threads": 1}},
        )  # fmt: skip
        made.append(generating.start(project=which, by=owner, generator=generator, max_new_tokens=60))
    disturbed, undisturbed = made
    ended = kill_in_the_middle(disturbed, start_worker, lambda job: 0 < job.done < job.total)
    assert ended.result["samples"] == 16 * project.k
    jobs.run(str(undisturbed.pk))
    assert answers(project) == answers(twin)
    assert project.tasks.count() == 16


def test_training(project: Project, twin: Project, owner: Person, tiny_bert: Path, start_worker: StartWorker) -> None:
    config = {
        "base": str(tiny_bert), "epochs": 8, "patience": 0, "checkpoint_every": 2, "evaluate_every": 10,
        "max_prompt_tokens": 16, "max_response_tokens": 16, "threads": 1,
    }  # fmt: skip
    groups = make_groups(60, random.Random(1))
    started = []
    for which in (project, twin):
        take_comparisons(project=which, rows=enumerate(map(as_row, groups), 1), by=owner)
        started.append(training.start(project=which, by=owner, **config))
    disturbed, undisturbed = started
    kill_in_the_middle(disturbed, start_worker, lambda job: job.phase == "train" and job.done > 8)
    jobs.run(str(undisturbed.pk))
    first, second = (RewardModel.objects.get(project=which) for which in (project, twin))
    assert figures(first) == figures(second)


def as_row(group: Any) -> dict[str, Any]:
    worth = {text: sum(WORDS.index(word) for word in text.split()) for text in group.responses}
    best_first = sorted(set(worth.values()), reverse=True)
    ranks = [best_first.index(worth[text]) for text in group.responses]
    return {"prompt": group.messages, "responses": group.responses, "ranks": ranks}


def figures(model: RewardModel) -> dict[str, Any]:
    return {name: value for name, value in model.metrics.items() if name != "made_from"}
