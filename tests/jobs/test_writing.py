"""What people write is no ranking: the reward model's next training does not wait for less because of it."""

import pytest

from annotation import assignment as leases
from annotation import judging, wishes
from annotation.models import Person, Project
from annotation.writing import NewPrompt
from workers.triggers import new_rankings

pytestmark = pytest.mark.django_db


def test_only_rankings_count_towards_the_next_training(project: Project, owner: Person, annotator: Person) -> None:
    wishes.ask_for_prompts(project=project, by=owner, number=1, language="en")
    task = leases.lease_next(person=annotator, project=project)
    judging.submit(assignment=task, verdict=NewPrompt([{"role": "user", "content": "Why is there dew at dawn?"}]))
    assert new_rankings(project, limit=10) == 0
