"""Quality out of the database: the same figures as worked out by hand, measured again only when there is news."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation import assignment as leases
from annotation import gold, judging
from annotation.models import Judgement, Person, Project, Quality, Task
from annotation.quality import measuring

Fill = Callable[[int], None]


def judge(person: Person, project: Project, *, backwards: bool = False, seconds: float = 20) -> Judgement:
    given = leases.lease_next(person=person, project=project)
    ids = sorted(given.shown, reverse=backwards)
    return judging.submit(
        assignment=given, verdict=judging.Verdict(judging.overall([[s] for s in ids]), seconds=seconds)
    )


@pytest.fixture
def two_tasks(fill: Fill, project: Project, annotator: Person, second_annotator: Person) -> Project:
    """Anna and Ben agree on one task and say the opposite of the other."""
    project.overlap = 2
    project.save()
    fill(2)
    judge(annotator, project)
    judge(annotator, project)
    judge(second_annotator, project)
    judge(second_annotator, project, backwards=True)
    return project


def test_it_works(two_tasks: Project, annotator: Person) -> None:
    figures = measuring.measure(two_tasks).figures
    agreement = measuring.agreement(figures)
    assert (agreement["tasks"], agreement["pair_agreement"]["value"]) == (2, 0.5)
    assert agreement["consensus"] == {"unanimous": 1, "majority": 0, "split": 1}
    assert len(agreement["by_day"]) == 1
    assert figures["judgements"] == 4
    anna = next(p for p in figures["people"] if p["person"] == annotator.pk)
    assert (anna["judgements"], anna["agreement"]["value"]) == (2, 0.5)
    assert anna["median_seconds"] == pytest.approx(20, rel=0.05)
    assert figures["bias"]["longer_wins"]["n"] == 0  # all answers are of one length
    assert figures["bias"]["first_wins"]["n"] == 4


def test_gold_counts_only_what_was_said_of_it_as_gold(
    fill: Fill, project: Project, annotator: Person, second_annotator: Person, owner: Person
) -> None:
    fill(1)
    judge(annotator, project)
    Judgement.objects.update(created_at="2020-01-01T00:00Z")
    task = Task.objects.get()
    gold.make(task=task, groups=[[s] for s in sorted(task.sample_ids, reverse=True)], by=owner)
    given = _given(task, second_annotator)
    judging.submit(assignment=given, verdict=judging.Verdict(judging.overall([[s] for s in sorted(given.shown)])))
    figures = measuring.measure(project).figures
    assert (figures["gold"]["value"], figures["gold"]["n"]) == (0, 1)
    assert measuring.agreement(figures)["tasks"] == 0


def _given(task: Task, person: Person):
    from annotation.models import Assignment

    Task.objects.filter(pk=task.pk).update(taken=2)
    return Assignment.objects.create(
        project=task.project, task=task, person=person, shown=task.sample_ids, expires_at="2100-01-01T00:00Z"
    )


def test_without_news_nothing_is_measured_again(two_tasks: Project, annotator: Person, fill: Fill) -> None:
    first, due = measuring.latest(two_tasks)
    assert (first.figures["judgements"], due) == (4, False)
    with CaptureQueriesContext(connection) as queries:
        assert measuring.latest(two_tasks)[0].measured_at == first.measured_at
    assert len(queries) <= 4
    fill(3)
    judge(annotator, two_tasks)
    assert measuring.latest(two_tasks)[0].figures["judgements"] == 5


def test_what_takes_long_is_left_to_a_job(two_tasks: Project, annotator: Person, fill: Fill) -> None:
    known, _ = measuring.latest(two_tasks)
    Quality.objects.update(seconds=60, mark="before", measured_at="2020-01-01T00:00Z")
    again, due = measuring.latest(two_tasks)
    assert (again.pk, again.mark, due) == (known.pk, "before", True)
    Quality.objects.update(measured_at=known.measured_at)
    assert measuring.latest(two_tasks)[1] is False  # it rested for less than twenty times what it took


def test_a_project_without_judgements_has_figures_too(project: Project) -> None:
    figures = measuring.measure(project).figures
    assert (figures["judgements"], figures["people"]) == (0, [])
