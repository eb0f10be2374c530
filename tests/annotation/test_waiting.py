"""What waits for a person by kind of work is what they would be given."""

from collections.abc import Callable

import pytest

from annotation import assignment as leases
from annotation import wishes
from annotation.models import Membership, Person, Project
from annotation.waiting import MOST, waiting

Fill = Callable[[int], None]


@pytest.fixture
def wanted(project: Project, owner: Person, fill: Fill) -> Project:
    fill(3)
    ids = project.prompts.values_list("pk", flat=True)
    wishes.ask_for_demonstrations(project=project, by=owner, prompt_ids=ids)
    wishes.ask_for_prompts(project=project, by=owner, number=MOST + 1, language="en")
    return project


def test_it_works(wanted: Project, annotator: Person) -> None:
    assert waiting(annotator, wanted) == {"rank": 3, "demonstrate": 3, "write_prompt": MOST}
    leases.lease_next(person=annotator, project=wanted, kind="rank")  # held: still theirs to do
    assert waiting(annotator, wanted)["rank"] == 3
    leases.skip(assignment=leases.lease_next(person=annotator, project=wanted, kind="rank"), reason="unsure")
    assert waiting(annotator, wanted)["rank"] == 2


def test_what_is_not_for_them_does_not_wait(wanted: Project, annotator: Person, owner: Person) -> None:
    Membership.objects.filter(person=annotator).update(languages=["zh"])
    assert waiting(annotator, wanted) == {"rank": 3, "demonstrate": 3}  # prompts without a language
    wanted.tasks.filter(kind="rank").update(author_ids=[annotator.pk])
    assert waiting(annotator, wanted) == {"demonstrate": 3}
    wishes.ask_for_prompts(project=wanted, by=owner, number=2, terms=wishes.Terms(cohort="poets"))
    assert "write_prompt" not in waiting(annotator, wanted)
    Membership.objects.filter(person=annotator).update(cohorts=["poets"])
    assert waiting(annotator, wanted)["write_prompt"] == 2


def test_nothing_waits_where_the_day_is_done(wanted: Project, annotator: Person) -> None:
    wanted.daily_cap = 0
    wanted.save()
    assert waiting(annotator, wanted) == {}
