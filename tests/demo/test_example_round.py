"""The example round: made once, by what makes real work, so that what holds there holds here; and not mistaken."""

from collections.abc import Callable

import pytest
from django.db.models import Count, F, Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotation import reviews
from annotation.models import (
    Assignment,
    AuditEvent,
    Gold,
    Judgement,
    Membership,
    Person,
    Project,
    QualificationRound,
    Report,
    Review,
    Task,
    WorkDay,
)
from annotation.quality.measuring import measure
from annotation.quality.standings import table
from webapp.demo.content import lines
from webapp.demo.example_round import MODELS, SLUG, seed
from webapp.demo.seeding import ROLES, _person
from webapp.demo.simulated import CREW

pytestmark = pytest.mark.django_db
Sign = Callable[[Person], Client]


@pytest.fixture
def people() -> dict[str, Person]:
    return {name: _person(name) for name in ROLES}


@pytest.fixture
def example(people: dict[str, Person]) -> Project:
    seed(people, ROLES)
    return Project.objects.get(slug=SLUG)


def test_it_works_once_and_in_bounds_and_can_be_put_away(
    people: dict[str, Person], signed_in: Sign, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(2500):
        assert "simulated" in seed(people, ROLES)
    before = Judgement.objects.count()
    with django_assert_max_num_queries(1):
        assert seed(people, ROLES) == ""
    assert Judgement.objects.count() == before > 100
    signed_in(people["mia"]).post(reverse("project_archive", args=[SLUG]))
    assert seed(people, ROLES) == ""
    assert Project.objects.get(slug=SLUG).archived_at


def test_every_page_of_a_manager_has_something_to_show(example: Project) -> None:
    figures = measure(example).figures
    assert figures["people_in_all"] == len(CREW)
    assert len(figures["agreement"]["overall"]["by_day"]) > 3
    assert figures["gold"]["n"] > len(CREW)
    concerns = {Person.objects.get(pk=row["person"]).display_name: row["concerns"] for row in figures["people"]}
    assert "too_fast" in concerns["Simulated annotator 5"]
    assert "first_wins" in concerns["Simulated annotator 6"]
    assert not concerns["Simulated annotator 1"]
    ranked = [row.generator.name for row in table(example).rows]
    assert (ranked[0], ranked[-1]) == (MODELS[0], MODELS[-1])
    assert reviews.wanted(example).exists()
    assert Review.objects.filter(task__project=example).count() <= 1
    assert Report.objects.filter(project=example).open().exists()
    assert Gold.objects.filter(task__project=example).count() == 12
    assert QualificationRound.objects.filter(project=example, passed=True).exists()


def test_the_promises_hold(example: Project) -> None:
    tasks = Task.objects.filter(project=example)
    said, live = Q(judgements__is_current=True), Q(assignments__state=Assignment.State.LEASED)
    counted = tasks.annotate(
        said=Count("judgements", said, distinct=True), live=Count("assignments", live, distinct=True)
    )
    assert not counted.exclude(judged=F("said")).exists()
    assert not counted.exclude(taken=F("said") + F("live")).exists()
    by_day = Judgement.objects.filter(project=example).values_list("person", "created_at__date").annotate(n=Count("pk"))
    days = WorkDay.objects.filter(project=example, judgements__gt=0).values_list("person", "day", "judgements")
    assert sorted(days) == sorted(by_day)
    assert not Membership.objects.filter(project=example, role="annotator", qualified_at=None).exists()
    _its_dates_go_over_a_week_and_none_lies_ahead(example)


def _its_dates_go_over_a_week_and_none_lies_ahead(example: Project) -> None:
    days = set(Judgement.objects.filter(project=example).values_list("created_at__date", flat=True))
    assert len(days) == 7
    assert max(days) <= timezone.localdate()
    early = Judgement.objects.filter(project=example, created_at__lt=F("assignment__leased_at"))
    assert not early.exists()
    assert not Gold.objects.filter(created_at__gt=F("task__judgements__created_at")).exists()
    assert not AuditEvent.objects.filter(project=example, created_at__date__lt=timezone.localdate()).exists()


def test_nobody_takes_it_for_real(example: Project) -> None:
    assert "simulated" in example.name
    assert "simulated" in example.guideline.text.splitlines()[0]  # type: ignore[union-attr]
    crew = Person.objects.filter(pk__in=Judgement.objects.filter(project=example).values("person"))
    assert all(person.get_full_name().startswith("Simulated annotator") for person in crew)
    assert not any(person.is_active or person.has_usable_password() for person in crew)
    assert set(crew.values_list("origin", flat=True)) == {Person.Origin.IMPORTED}  # a machine's, in every dataset
    assert not example.prompts.exclude(source="example, simulated").exists()
    assert not example.generators.exclude(name__startswith="Example model").exists()
    comments = Judgement.objects.filter(project=example).exclude(comment="").values_list("comment", flat=True)
    assert all(comment.startswith("Simulated comment") for comment in comments)
    assert set(example.members.filter(is_active=True).values_list("username", flat=True)) == {"mia", "eli"}


def test_its_content_is_whole() -> None:
    rows = list(lines("example_round.jsonl"))
    assert len({row["key"] for row in rows}) == len({str(row["messages"]) for row in rows}) == len(rows)
    assert all(sorted(answer["quality"] for answer in row["answers"]) == [1, 2, 3, 4] for row in rows)
    assert all(row["explanation"] for row in rows if "purpose" in row)
