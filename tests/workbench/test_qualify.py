"""A newcomer's qualification without a browser: each task is explained, then real work; gold elsewhere stays unseen."""

from collections.abc import Callable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from annotation import assignment as leases
from annotation import gold, qualification
from annotation.models import Assignment, Judgement, Lane, Membership, Person, Project, QualificationRound

Sign = Callable[[Person], Client]
QUALIFY, WORK = "/p/letters/qualify/", "/p/letters/work/"


@pytest.fixture
def round_of_two(fill: Callable[[int], None], project: Project, owner: Person) -> Project:
    """Four qualification tasks in which the first answer is best, two real ones; a try takes two."""
    fill(6)
    for task in project.tasks.order_by("pk")[:4]:
        groups = [[pk] for pk in sorted(task.sample_ids)]
        gold.make(
            task=task,
            groups=groups,
            by=owner,
            explanation="The **first** is right.",
            purpose=Lane.Purpose.QUALIFICATION,
        )
    project.qualification_tasks, project.qualification_pass = 2, 0.7
    project.save()
    return project


def live(person: Person) -> Assignment:
    return Assignment.objects.live().get(person=person)


def judge(page: Client, person: Person, *, right: bool) -> str:
    """Judges what the work page shows; answers where that leads to."""
    assert page.get(WORK).status_code == 200
    given = live(person)
    ids = sorted(given.shown, reverse=not right)
    sent = {f"rank-{pk}": str(rank) for rank, pk in enumerate(ids, 1)}
    return str(page.post(f"{WORK}{given.pk}/submit/", sent)["Location"])


def test_it_works(page: Client, round_of_two: Project, annotator: Person) -> None:
    assert "A short qualification comes first" in page.get("/p/letters/").content.decode()
    assert page.get(WORK)["Location"] == QUALIFY
    html = page.get(QUALIFY).content.decode()
    assert "2 tasks whose right order is known" in html
    assert "You have 2 tries" in html
    assert page.post(f"{QUALIFY}begin/")["Location"] == WORK
    where = judge(page, annotator, right=False)
    html = page.get(where).content.decode()
    assert "Not quite" in html
    assert "The <strong>first</strong> is right." in html
    assert "Qualification, task 1 of 2" in html
    where = judge(page, annotator, right=True)
    assert "All right" in page.get(where).content.decode()
    assert "Not yet" in page.get(QUALIFY).content.decode()
    page.post(f"{QUALIFY}begin/")
    for _ in range(2):
        judge(page, annotator, right=True)
    html = page.get(QUALIFY).content.decode()
    assert "You have passed" in html
    assert "100%" in html
    assert page.get(WORK).status_code == 200
    assert live(annotator).task.lane.purpose == Lane.Purpose.WORK


def test_without_more_tries_a_manager_is_named(page: Client, round_of_two: Project, annotator: Person) -> None:
    for _ in range(2):
        page.post(f"{QUALIFY}begin/")
        judge(page, annotator, right=False)
        judge(page, annotator, right=False)
    html = page.get(QUALIFY).content.decode()
    assert "there is no further try" in html
    assert f"{QUALIFY}begin/" not in html
    page.post(f"{QUALIFY}begin/")
    assert QualificationRound.objects.count() == 2
    assert page.get(WORK)["Location"] == QUALIFY


def test_what_is_explained_cannot_be_revised(page: Client, round_of_two: Project, annotator: Person) -> None:
    page.post(f"{QUALIFY}begin/")
    where = judge(page, annotator, right=False)
    task = Assignment.objects.get(state="judged")
    assert page.get(f"{WORK}{task.pk}/")["Location"] == where
    sent = {f"rank-{pk}": str(rank) for rank, pk in enumerate(sorted(task.shown), 1)}
    assert page.post(f"{WORK}{task.pk}/submit/", sent)["Location"] == where
    assert Judgement.objects.get().revision == 1


def test_nothing_is_explained_before_it_is_judged(
    page: Client, round_of_two: Project, annotator: Person, second_annotator: Person, signed_in: Sign
) -> None:
    page.post(f"{QUALIFY}begin/")
    html = page.get(WORK).content.decode()
    assert "is right" not in html.replace("you see what is right", "")
    given = live(annotator)
    assert page.get(f"{QUALIFY}{given.pk}/").status_code == 404
    where = judge(page, annotator, right=True)
    assert signed_in(second_annotator).get(where).status_code == 404


def test_gold_mixed_into_the_work_is_never_explained(
    page: Client, round_of_two: Project, annotator: Person, owner: Person
) -> None:
    qualification.admit(project=round_of_two, person=annotator, by=owner)
    for task in round_of_two.tasks.filter(lane__purpose=Lane.Purpose.WORK):
        gold.make(task=task, groups=[[pk] for pk in sorted(task.sample_ids)], by=owner, explanation="secret")
    Project.objects.update(gold_share=0.5)
    project = Project.objects.get()
    for _ in range(40):
        try:
            given = leases.lease_next(person=annotator, project=project)
        except leases.NothingLeft:
            continue
        sent = {f"rank-{pk}": str(rank) for rank, pk in enumerate(given.shown, 1)}
        assert page.post(f"{WORK}{given.pk}/submit/", sent)["Location"] == WORK
        assert page.get(f"{QUALIFY}{given.pk}/").status_code == 404
        assert "secret" not in page.get(f"{WORK}{given.pk}/").content.decode()
        break


def test_only_tasks_within_reach_are_wanted(page: Client, round_of_two: Project, annotator: Person) -> None:
    Membership.objects.filter(person=annotator).update(languages=["zh"])
    round_of_two.tasks.filter(lane__purpose="qualification").first().lane.__class__.objects.filter(
        purpose="qualification"
    ).update(language="en")
    assert "no tasks for the qualification yet" in page.get(QUALIFY).content.decode()


def test_skipping_all_of_them_ends_the_round(page: Client, round_of_two: Project, annotator: Person) -> None:
    page.post(f"{QUALIFY}begin/")
    for _ in range(4):
        page.get(WORK)
        page.post(f"{WORK}{live(annotator).pk}/skip/", {"reason": "unsure"})
    page.get(QUALIFY)
    ended = QualificationRound.objects.get()
    assert (ended.passed, ended.score) == (False, 0)


def test_a_paused_person_is_told(page: Client, round_of_two: Project, annotator: Person) -> None:
    Membership.objects.filter(person=annotator).update(paused_at="2026-01-01T00:00Z")
    assert "paused" in page.get(WORK).content.decode()
    assert "paused" in page.get("/p/letters/").content.decode()


def test_a_script_qualifies_too(round_of_two: Project, annotator: Person, api: Callable[[Person], APIClient]) -> None:
    client = api(annotator)
    purposes = []
    for _ in range(3):
        given = client.post("/api/v1/projects/letters/next/").json()
        assignment = Assignment.objects.get(pk=given["assignment"])
        purposes.append(assignment.task.lane.purpose)
        sent = {"ranking": [[pk] for pk in sorted(assignment.shown)]}
        assert client.put(f"/api/v1/assignments/{assignment.pk}/judgement/", sent).status_code == 200
    assert purposes == ["qualification", "qualification", "work"]


def test_outsiders_find_nothing(round_of_two: Project, outsider: Person, viewer: Person, signed_in: Sign) -> None:
    for person in (outsider, viewer):
        assert signed_in(person).get(QUALIFY).status_code == 404
        assert signed_in(person).post(f"{QUALIFY}begin/").status_code == 404
