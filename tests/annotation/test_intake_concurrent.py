"""Two at once: what would break is a pair of workers that give a prompt's answers out twice, or wait for ever."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from annotation.intake.taking import take_comparisons, take_samples
from annotation.models import Generator, Judgement, Person, Project, Sample, Task
from annotation.tasks import form_rank_tasks

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 4


@pytest.fixture
def project() -> Project:
    owner = Person.objects.create(username="owner")
    return Project.objects.create(slug="two", name="Two", created_by=owner, k=2, auto_tasks=False)


def at_once(act: Callable[[int], int]) -> list[int]:
    """What `act` answers in each of several threads that start together."""
    barrier = Barrier(AT_ONCE)

    def run(number: int) -> int:
        try:
            barrier.wait(timeout=30)
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


def test_each_answer_is_in_one_task(project: Project) -> None:
    texts = ({"prompt": f"Q{n // 4}", "text": f"answer {n}", "generator": "m"} for n in range(80))
    take_samples(project=project, rows=enumerate(texts, 1), by=project.created_by)
    assert sum(at_once(lambda _: form_rank_tasks(project=project, force=True))) == 40
    given = [sample for ids in Task.objects.values_list("sample_ids", flat=True) for sample in ids]
    assert sorted(given) == sorted(Sample.objects.values_list("pk", flat=True))


def test_the_same_file_from_several_sides_is_taken_once(project: Project) -> None:
    rows = [
        {"prompt": f"Q{n}", "responses": ["a", "b"], "ranks": [0, n % 2], "annotator": f"P{n % 3}"} for n in range(100)
    ]

    def act(number: int) -> int:
        own_order = list(enumerate(rows, 1))[:: -1 if number % 2 else 1]
        return take_comparisons(project=project, rows=own_order, by=project.created_by).created

    assert sorted(at_once(act)) == [0, 0, 0, 100]
    assert (Judgement.objects.count(), Task.objects.count(), Generator.objects.count()) == (100, 100, 1)
    assert set(Task.objects.values_list("taken", "judged")) == {(1, 1)}
