"""The demo as people meet it: rankings first, and a little of every other kind of work."""

import pytest

from annotation.assignment import lease_next
from annotation.models import Person, Project
from annotation.waiting import waiting
from webapp.demo.seeding import seed

pytestmark = pytest.mark.django_db


def test_it_works_and_twice_changes_nothing() -> None:
    assert len(seed()) >= 3
    assert seed() == []
    alice, bo = (Person.objects.get(username=name) for name in ("alice", "bo"))
    english, chinese, scratch = (
        Project.objects.get(slug=slug) for slug in ("everyday-help", "zhongwen", "from-scratch")
    )
    assert waiting(alice, english) == {"rank": 33, "demonstrate": 5, "write_prompt": 3}
    assert waiting(bo, chinese)["write_prompt"] == 3
    assert waiting(alice, scratch) == {"rank": 3, "demonstrate": 3, "write_prompt": 3, "rate": 3}
    assert lease_next(person=alice, project=english).task.kind == "rank"
