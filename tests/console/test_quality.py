"""The quality pages: figures as they are, one person's work, and what a manager does about it."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation import assignment as leases
from annotation import judging
from annotation.models import Assignment, AuditEvent, Judgement, Membership, Person, Project, Role
from annotation.models.quality import Quality

QUALITY = reverse("quality", args=["letters"])
Sign = Callable[[Person], Client]
Fill = Callable[[int], None]


def judge(person: Person, project: Project, *, backwards: bool = False) -> Judgement:
    given = leases.lease_next(person=person, project=project)
    ids = sorted(given.shown, reverse=backwards)
    return judging.submit(assignment=given, verdict=judging.Verdict(judging.overall([[s] for s in ids]), seconds=20))


@pytest.fixture
def compared(fill: Fill, project: Project, annotator: Person, second_annotator: Person) -> Project:
    """Two tasks, each judged by two: on one they agree."""
    project.overlap = 2
    project.save()
    fill(2)
    judge(annotator, project)
    judge(annotator, project)
    judge(second_annotator, project)
    judge(second_annotator, project, backwards=True)
    return project


def of(person: Person, name: str = "person") -> str:
    return reverse(name, args=["letters", person.pk])


def test_it_works(manager: Client, compared: Project, annotator: Person) -> None:
    page = manager.get(QUALITY)
    assert page.context["pair_agreement"].rounded == "50%"
    assert [row.person.username for row in page.context["rows"]] == ["anna", "ben"]
    assert page.context["over_time"].rows[0][1] == "50%"
    html = page.content.decode()
    assert html.count("<svg") >= 4
    assert of(annotator) in html
    assert len(page.context["disputed"]) == 1


def test_before_anybody_judged_it_says_what_will_be_here(manager: Client, project: Project) -> None:
    html = manager.get(QUALITY).content.decode()
    assert "Nobody can be compared yet" in html
    assert "No judgements yet" in html


def test_while_it_is_measured_by_a_job(manager: Client, project: Project, annotator: Person) -> None:
    manager.get(QUALITY)
    Quality.objects.update(seconds=60, mark="before", measured_at="2020-01-01T00:00Z")
    assert "being measured anew" in manager.get(QUALITY).content.decode()


def test_the_cost_does_not_grow(manager: Client, compared: Project, annotator: Person, fill: Fill) -> None:
    manager.get(QUALITY)
    with CaptureQueriesContext(connection) as few:
        manager.get(QUALITY)
    fill(12)
    for _ in range(5):
        judge(annotator, compared)
    manager.get(QUALITY)
    with CaptureQueriesContext(connection) as many:
        manager.get(QUALITY)
    assert len(many) == len(few) <= 25


def test_a_persons_page(manager: Client, compared: Project, annotator: Person, fill: Fill) -> None:
    fill(3)
    leases.skip(assignment=leases.lease_next(person=annotator, project=compared), reason="other: <b>odd</b>")
    page = manager.get(of(annotator))
    assert page.context["row"].agreement.rounded == "50%"
    assert len(page.context["judged"]) == 2
    html = page.content.decode()
    assert "&lt;b&gt;odd&lt;/b&gt;" in html


def test_a_pause_gives_back_what_is_in_work_and_stops_the_flow(
    manager: Client, fill: Fill, project: Project, annotator: Person, second_annotator: Person
) -> None:
    fill(1)
    held = leases.lease_next(person=annotator, project=project)
    assert "goes to somebody else" in manager.post(of(annotator, "member_pause"), follow=True).content.decode()
    held.refresh_from_db()
    assert held.state == Assignment.State.REVOKED
    assert leases.lease_next(person=second_annotator, project=project).task_id == held.task_id
    fill(2)
    with pytest.raises(leases.NothingLeft, match="paused"):
        leases.lease_next(person=annotator, project=project)
    manager.post(of(annotator, "member_resume"))
    assert leases.lease_next(person=annotator, project=project)
    assert list(AuditEvent.objects.filter(action__startswith="member.").values_list("action", flat=True)) == [
        "member.pause",
        "member.take_back",
        "member.resume",
    ]


def test_tasks_in_work_can_be_taken_back(manager: Client, fill: Fill, project: Project, annotator: Person) -> None:
    fill(1)
    leases.lease_next(person=annotator, project=project)
    manager.post(of(annotator, "member_take_back"))
    assert not Assignment.objects.live().exists()
    assert project.tasks.get().taken == 0


def test_languages_and_cohorts(manager: Client, project: Project, annotator: Person) -> None:
    manager.post(of(annotator, "member_reach"), {"languages": "en, zh", "cohorts": "Doctors , night shift"})
    member = Membership.objects.get(person=annotator)
    assert (member.languages, member.cohorts) == (["en", "zh"], ["Doctors", "night shift"])
    refused = manager.post(of(annotator, "member_reach"), {"languages": "x" * 40})
    assert refused.status_code == 422
    assert AuditEvent.objects.filter(action="member.reach").count() == 1


def test_admitting_and_asking_again(manager: Client, project: Project, annotator: Person) -> None:
    project.qualification_tasks = 3
    project.save()
    manager.post(of(annotator, "member_admit"))
    assert Membership.objects.get(person=annotator).qualified_at
    manager.post(of(annotator, "member_requalify"))
    assert Membership.objects.get(person=annotator).qualified_at is None


def test_a_role_is_changed_from_the_persons_page(manager: Client, project: Project, annotator: Person) -> None:
    member = Membership.objects.get(person=annotator)
    answer = manager.post(
        reverse("member_role", args=["letters", member.pk]), {"role": Role.REVIEWER, "next": "person"}
    )
    assert answer["Location"] == of(annotator)


ACTS = ["member_reach", "member_pause", "member_resume", "member_take_back", "member_admit", "member_requalify"]


@pytest.mark.parametrize("name", ACTS)
def test_only_managers_act(
    name: str,
    project: Project,
    annotator: Person,
    second_annotator: Person,
    viewer: Person,
    outsider: Person,
    signed_in: Sign,
) -> None:
    for person in (second_annotator, viewer, outsider):
        assert signed_in(person).post(of(annotator, name)).status_code == 404
    assert not AuditEvent.objects.filter(action__startswith="member.").exists()


def test_who_reads_the_data_sees_the_figures_and_nobody_else(
    compared: Project, annotator: Person, viewer: Person, outsider: Person, signed_in: Sign
) -> None:
    for path in (QUALITY, of(annotator)):
        page = signed_in(viewer).get(path)
        assert page.status_code == 200
        assert 'id="act"' not in page.content.decode()
        for person in (annotator, outsider):
            assert signed_in(person).get(path).status_code == 404


def test_strangers_to_the_project_have_no_page(manager: Client, project: Project, outsider: Person) -> None:
    assert manager.get(of(outsider)).status_code == 404


def test_hundreds_of_people_come_a_page_at_a_time_and_those_who_are_marked_by_themselves(
    manager: Client, compared: Project, annotator: Person
) -> None:
    manager.get(QUALITY)
    known = Quality.objects.get()
    people = Person.objects.bulk_create(Person(username=f"worker{n}", password="!") for n in range(60))
    first = known.figures["people"][0]
    known.figures["people"] += [{**first, "person": p.pk, "judgements": 1, "concerns": []} for p in people]
    known.figures["people"][55]["concerns"] = ["too_fast"]
    known.save()
    page = manager.get(QUALITY)
    assert len(page.context["rows"]) == 50
    assert len(manager.get(QUALITY, {"page": 2}).context["rows"]) == 12
    assert "?look=1#people" in page.content.decode()
    [marked] = manager.get(QUALITY, {"look": 1}).context["rows"]
    assert marked.concerns == ["too fast to have read"]
