"""Managers see what was reported and act on it; judgements stay."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from annotation import assignment as leases
from annotation import reports
from annotation.models import Assignment, Person, Project, Prompt, Report, Sample, Task

LIST = reverse("reports", args=["letters"])
Sign = Callable[[Person], Client]


@pytest.fixture
def task(fill: Callable[[int], None], project: Project, annotator: Person) -> Assignment:
    fill(2)
    return leases.lease_next(person=annotator, project=project)


@pytest.fixture
def report(task: Assignment) -> Report:
    return reports.report(assignment=task, reason="personal", sample_id=task.shown[0], note="<b>a phone number</b>")


def resolve(report: Report) -> str:
    return reverse("report_resolve", args=["letters", report.pk])


def test_it_works(manager: Client, report: Report, owner: Person) -> None:
    html = manager.get(LIST).content.decode()
    assert "&lt;b&gt;a phone number&lt;/b&gt;" in html
    assert "Personal data" in html
    manager.post(resolve(report), {"verdict": "upheld", "words": "Thank you."})
    report.refresh_from_db()
    assert (report.verdict, report.resolution, report.resolved_by) == ("upheld", "Thank you.", owner)
    assert not Sample.objects.get(pk=report.sample_id).usable
    assert "No open reports" in manager.get(LIST).content.decode()
    assert "Thank you." in manager.get(LIST, {"state": "closed"}).content.decode()


@pytest.mark.parametrize(
    ("verdict", "withdrawn", "usable", "state"),
    [
        ("dismissed", 0, True, "accepted"),
        ("withdrawn", 1, True, "accepted"),
        ("rejected", 1, True, "rejected"),
        ("upheld", 1, False, "accepted"),
    ],
)
def test_each_verdict_takes_out_what_it_says(
    manager: Client, report: Report, verdict: str, withdrawn: int, usable: bool, state: str
) -> None:
    manager.post(resolve(report), {"verdict": verdict})
    assert Task.objects.filter(withdrawn_at__isnull=False).count() == withdrawn
    assert Sample.objects.get(pk=report.sample_id).usable == usable
    assert Prompt.objects.get(pk=report.prompt_id).review_state == state


def test_the_first_word_stands_and_nonsense_none(manager: Client, report: Report) -> None:
    assert "Choose what becomes of it" in manager.post(resolve(report), {"verdict": "x"}, follow=True).content.decode()
    manager.post(resolve(report), {"verdict": "dismissed"})
    assert (
        "closed this report already"
        in manager.post(resolve(report), {"verdict": "upheld"}, follow=True).content.decode()
    )
    report.refresh_from_db()
    assert report.verdict == "dismissed"


def test_others_find_nothing(
    report: Report, annotator: Person, viewer: Person, outsider: Person, signed_in: Sign
) -> None:
    for who in (annotator, viewer, outsider):
        assert signed_in(who).get(LIST).status_code == 404
        assert signed_in(who).post(resolve(report), {"verdict": "upheld"}).status_code == 404
    assert Report.objects.open().exists()


def test_paging_through_what_is_closed_stays_with_it(
    manager: Client, report: Report, owner: Person, project: Project
) -> None:
    fields = {name: getattr(report, name) for name in ("project", "task", "prompt", "sample", "reason")}
    people = [Person.objects.create_user(f"p{n}") for n in range(25)]
    for one in Report.objects.bulk_create(Report(**fields, person=person) for person in people):
        reports.resolve(report=one, by=owner, verdict="dismissed")
    assert "?state=closed&amp;page=2" in manager.get(LIST, {"state": "closed"}).content.decode()
