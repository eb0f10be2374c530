"""Reports: kept once, seen by those who should, and what is upheld is handed out no more."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from annotation import assignment as leases
from annotation import judging, reports
from annotation.models import Assignment, AuditEvent, Person, Project, Prompt, Report, Sample


@pytest.fixture
def task(fill: Callable[[int], None], project: Project, annotator: Person) -> Assignment:
    fill(2)
    return leases.lease_next(person=annotator, project=project)


def test_it_works(task: Assignment, owner: Person, project: Project) -> None:
    bad = task.shown[1]
    said = reports.report(assignment=task, reason="personal", sample_id=bad, note="a telephone number")
    assert Report.objects.open().get() == said
    assert reports.resolve(report=said, by=owner, verdict="upheld")
    assert not Sample.objects.get(pk=bad).usable
    task.task.refresh_from_db()
    assert task.task.withdrawn_at
    assert project.tasks.filter(withdrawn_at=None).count() == 1
    assert AuditEvent.objects.get(action="report.resolve").subject == str(said.pk)


def test_said_twice_it_is_one_report(task: Assignment) -> None:
    for note in ("hm", "really"):
        reports.report(assignment=task, reason="broken", note=note)
    assert Report.objects.get().note == "really"
    reports.report(assignment=task, reason="broken", sample_id=task.shown[0])
    assert Report.objects.count() == 2


def test_an_upheld_report_of_a_prompt_takes_it_out_and_keeps_what_was_judged(task: Assignment, owner: Person) -> None:
    said = reports.report(assignment=task, reason="unsafe")
    judgement = judging.submit(
        assignment=task, verdict=judging.Verdict(judging.overall([[sample] for sample in task.shown]))
    )
    assert reports.resolve(report=said, by=owner, verdict="upheld")
    assert Prompt.objects.get(pk=task.task.prompt_id).review_state == Prompt.Review.REJECTED
    judgement.refresh_from_db()
    assert judgement.is_current


def test_dismissed_changes_nothing_and_the_first_word_stands(task: Assignment, owner: Person) -> None:
    said = reports.report(assignment=task, reason="language", sample_id=task.shown[0])
    assert reports.resolve(report=said, by=owner, verdict="dismissed")
    assert not reports.resolve(report=said, by=owner, verdict="upheld")
    said.refresh_from_db()
    assert said.verdict == "dismissed"
    assert Sample.objects.get(pk=task.shown[0]).usable


def test_managers_see_all_and_annotators_their_own(
    task: Assignment, owner: Person, annotator: Person, second_annotator: Person, outsider: Person
) -> None:
    said = reports.report(assignment=task, reason="unsafe")
    seen = {
        person.username: Report.objects.visible_to(person).filter(pk=said.pk).count() for person in Person.objects.all()
    }
    assert seen == {"olga": 1, "anna": 1, "ben": 0, "otto": 0}


def test_what_does_not_fit_is_refused(task: Assignment) -> None:
    with pytest.raises(reports.NotReportable, match="not in the task"):
        reports.report(assignment=task, reason="unsafe", sample_id=max(task.shown) + 100)
    with pytest.raises(reports.NotReportable, match="unsafe, broken"):
        reports.report(assignment=task, reason="ugly")


def test_half_resolved_is_not_possible(task: Assignment, owner: Person) -> None:
    said = reports.report(assignment=task, reason="unsafe")
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.filter(pk=said.pk).update(resolved_by=owner)
