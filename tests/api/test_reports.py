"""Reports over the API: managers list and resolve what annotators reported; to all others they do not exist."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from annotation import assignment as leases
from annotation import reports
from annotation.models import Person, Project, Report, Sample
from tests.api.test_grants import client
from webapp.models import Right

Api = Callable[[Person], APIClient]
PATH = "/api/v1/projects/letters/reports/"


@pytest.fixture
def report(fill: Callable[[int], None], project: Project, annotator: Person) -> Report:
    fill(2)
    task = leases.lease_next(person=annotator, project=project)
    return reports.report(assignment=task, reason="personal", sample_id=task.shown[0], note="A phone number.")


def resolve(report: Report) -> str:
    return f"{PATH}{report.pk}/resolve/"


def test_it_works(api: Api, owner: Person, report: Report) -> None:
    [found] = api(owner).get(PATH).json()["results"]
    assert (found["id"], found["reason"], found["note"], found["person"]) == (
        report.pk,
        "personal",
        "A phone number.",
        "anna",
    )
    assert (found["sample"], found["verdict"], found["resolved_by"]) == (report.sample_id, "", None)
    closed = api(owner).post(resolve(report), {"verdict": "upheld", "words": "Thank you."}, format="json")
    assert closed.status_code == 200
    assert (closed.json()["verdict"], closed.json()["words"], closed.json()["resolved_by"]) == (
        "upheld",
        "Thank you.",
        "olga",
    )
    assert not Sample.objects.get(pk=report.sample_id).usable
    assert api(owner).get(PATH).json()["results"] == []
    assert api(owner).get(PATH, {"state": "closed"}).json()["results"] == [closed.json()]
    assert api(owner).get(f"{PATH}{report.pk}/").json() == closed.json()


def test_the_first_word_stands(api: Api, owner: Person, report: Report) -> None:
    api(owner).post(resolve(report), {"verdict": "dismissed"}, format="json")
    again = api(owner).post(resolve(report), {"verdict": "upheld"}, format="json")
    assert again.status_code == 409
    assert Report.objects.get().verdict == "dismissed"


def test_others_find_nothing(api: Api, annotator: Person, viewer: Person, outsider: Person, report: Report) -> None:
    for who, refusal in ((annotator, 403), (viewer, 403), (outsider, 404)):
        assert [api(who).get(path).status_code for path in (PATH, f"{PATH}{report.pk}/")] == [refusal, refusal]
        assert api(who).post(resolve(report), {"verdict": "upheld"}, format="json").status_code == refusal
    assert Report.objects.open().exists()


def test_it_takes_the_right_to_manage(owner: Person, report: Report) -> None:
    others = [right for right in Right.values if right != Right.MANAGE]
    assert client(owner, *others).post(resolve(report), {"verdict": "upheld"}).status_code == 403
    assert client(owner, Right.MANAGE).post(resolve(report), {"verdict": "upheld"}).status_code == 200


def test_nonsense_is_refused(api: Api, owner: Person, report: Report) -> None:
    assert api(owner).get(PATH, {"state": "lost"}).status_code == 400
    for bad in ({}, {"verdict": "x"}, {"verdict": "upheld", "words": "x" * 2001}):
        assert api(owner).post(resolve(report), bad, format="json").status_code == 400
    assert api(owner).post(f"{PATH}{2**80}/resolve/", {"verdict": "upheld"}, format="json").status_code == 404


def test_a_page_costs_the_same_however_long(
    api: Api, owner: Person, report: Report, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fields = {name: getattr(report, name) for name in ("project", "task", "prompt", "sample", "reason")}
    Report.objects.bulk_create(Report(**fields, person=Person.objects.create_user(f"p{n}")) for n in range(11))
    with django_assert_max_num_queries(4):
        page = api(owner).get(PATH, {"page_size": 10}).json()
    assert len(page["results"]) == 10
    assert len(api(owner).get(page["next"]).json()["results"]) == 2
