"""Answers rated one by one, without an order."""

from collections.abc import Callable

import pytest

from annotation import assignment as leases
from annotation import judging, wishes
from annotation.checking import NotAcceptable
from annotation.models import Person, Project
from annotation.models.task import TaskKind
from annotation.presets import PRESETS
from annotation.rating import Rates

Fill = Callable[[int], None]


@pytest.fixture
def rated(project: Project, owner: Person, fill: Fill) -> Project:
    project.questions = PRESETS["instructgpt"].questions
    project.save()
    fill(2)
    ids = project.prompts.values_list("pk", flat=True)
    assert wishes.ask_for_ratings(project=project, by=owner, prompt_ids=ids) == 2
    assert wishes.ask_for_ratings(project=project, by=owner, prompt_ids=ids) == 0
    return project


def test_it_works(rated: Project, annotator: Person) -> None:
    task = leases.lease_next(person=annotator, project=rated, kind=TaskKind.RATE)
    ratings = {str(sample): {"overall_quality": 5.0} for sample in task.shown}
    judgement = judging.submit(assignment=task, verdict=Rates(ratings))
    assert judgement.ratings == ratings
    assert not judgement.rankings.exists()
    assert judging.submit(assignment=task, verdict=Rates(ratings)) == judgement
    assert judging.submit(assignment=task, verdict=Rates(ratings, comment="Well")).revision == 2


def test_what_does_not_fit_is_refused(rated: Project, annotator: Person) -> None:
    task = leases.lease_next(person=annotator, project=rated, kind=TaskKind.RATE)
    first = str(task.shown[0])
    for verdict in (
        Rates(),
        Rates({first: {"overall_quality": 8}}),
        Rates({first: {"beauty": 1}}),
        Rates({"0": {"overall_quality": 1}}),
    ):
        with pytest.raises(NotAcceptable):
            judging.submit(assignment=task, verdict=verdict)


def test_a_project_without_scales_has_nothing_to_rate(project: Project, owner: Person, fill: Fill) -> None:
    fill(1)
    with pytest.raises(wishes.NotPossible, match="no scales"):
        wishes.ask_for_ratings(project=project, by=owner, prompt_ids=project.prompts.values_list("pk", flat=True))
