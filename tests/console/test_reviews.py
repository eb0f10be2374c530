"""Reviewers rule on what is disputed, without names; outsiders and judges of the task find nothing."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation import judging
from annotation.models import Assignment, Membership, Person, Project, Review, Role, Task
from tests.conftest import person

LIST = reverse("reviews", args=["letters"])
Sign = Callable[[Person], Client]


def of(task: Task) -> str:
    return reverse("review", args=["letters", task.pk])


def judge(task: Task, who: Person, groups: list[list[int]], comment: str = "") -> None:
    Task.objects.filter(pk=task.pk).update(overlap=50, taken=Task.objects.get(pk=task.pk).taken + 1)
    given = Assignment.objects.create(
        project=task.project, task=task, person=who, shown=task.sample_ids, expires_at="2100-01-01T00:00Z"
    )
    judging.submit(assignment=given, verdict=judging.Verdict(judging.overall(groups), comment=comment))


@pytest.fixture
def reviewer(project: Project) -> Person:
    who = person("rita")
    Membership.objects.create(project=project, person=who, role=Role.REVIEWER)
    return who


@pytest.fixture
def disputed(fill: Callable[[int], None], project: Project, annotator: Person, second_annotator: Person) -> Task:
    fill(1)
    task = project.tasks.get()
    judge(task, annotator, [[pk] for pk in task.sample_ids], comment="A is <b>clear</b>")
    judge(task, second_annotator, [[pk] for pk in task.sample_ids[::-1]])
    Task.objects.update(review_wanted_at=timezone.now())
    return Task.objects.get()


def test_it_works(disputed: Task, reviewer: Person, signed_in: Sign) -> None:
    client = signed_in(reviewer)
    assert of(disputed) in client.get(LIST).content.decode()
    page = client.get(of(disputed))
    html = page.content.decode()
    assert "A &gt; B &gt; C &gt; D" in html
    assert "D &gt; C &gt; B &gt; A" in html
    assert "A is &lt;b&gt;clear&lt;/b&gt;" in html
    ranks = {f"rank-{pk}-0": str(n) for n, pk in enumerate(disputed.sample_ids, 1)}
    answer = client.post(of(disputed), {"verdict": "overruled", "note": "A is right.", **ranks})
    assert answer["Location"] == LIST
    ruling = Review.objects.get()
    assert (ruling.verdict, ruling.reviewer) == ("overruled", reviewer)
    assert ruling.orders == {"overall": [[pk] for pk in disputed.sample_ids]}
    assert "Overruled" in client.get(LIST).content.decode()


def test_names_are_not_shown(disputed: Task, reviewer: Person, signed_in: Sign) -> None:
    html = signed_in(reviewer).get(of(disputed)).content.decode()
    generator = disputed.prompt.samples.first().generator.name
    for hidden in ("anna", "ben", f">{generator}<"):
        assert hidden not in html


@pytest.mark.parametrize("sent", [{}, {"verdict": "maybe"}, {"verdict": "overruled"}])
def test_half_a_ruling_is_refused(disputed: Task, reviewer: Person, signed_in: Sign, sent: dict[str, str]) -> None:
    assert signed_in(reviewer).post(of(disputed), sent).status_code == 422
    assert not Review.objects.exists()


def test_a_ruling_can_be_changed(disputed: Task, reviewer: Person, signed_in: Sign) -> None:
    client = signed_in(reviewer)
    client.post(of(disputed), {"verdict": "discarded"})
    assert Task.objects.get().withdrawn_at
    assert client.get(of(disputed)).status_code == 200
    client.post(of(disputed), {"verdict": "confirmed"})
    assert Review.objects.get().verdict == "confirmed"
    assert Task.objects.get().withdrawn_at is None


def test_who_judged_it_does_not_rule(disputed: Task, annotator: Person, signed_in: Sign) -> None:
    Membership.objects.filter(person=annotator).update(role=Role.REVIEWER)
    client = signed_in(annotator)
    assert of(disputed) not in client.get(LIST).content.decode()
    assert client.get(of(disputed)).status_code == 404
    assert client.post(of(disputed), {"verdict": "confirmed"}).status_code == 404


def test_others_find_nothing(
    disputed: Task, annotator: Person, viewer: Person, outsider: Person, signed_in: Sign
) -> None:
    for who in (annotator, viewer, outsider):
        for path in (LIST, of(disputed)):
            assert signed_in(who).get(path).status_code == 404
        assert signed_in(who).post(of(disputed), {"verdict": "confirmed"}).status_code == 404


def test_what_nobody_disputes_has_no_page(disputed: Task, reviewer: Person, signed_in: Sign) -> None:
    Task.objects.update(review_wanted_at=None)
    assert signed_in(reviewer).get(of(disputed)).status_code == 404
