"""A judgement that was acknowledged is never lost, and sending it again changes nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone, translation

from annotation import assignment as leases
from annotation import judging
from annotation.checking import NotAcceptable
from annotation.judging import NoLongerOpen, Verdict, overall
from annotation.models import Assignment, AuditEvent, Judgement, Person, Project, Task, WorkDay
from tests.translated import compile_once


@pytest.fixture
def given(project: Project, annotator: Person, fill: Callable[[int], None]) -> Assignment:
    fill(1)
    return leases.lease_next(person=annotator, project=project)


def in_order(assignment: Assignment) -> Verdict:
    return Verdict(overall([[sample] for sample in assignment.shown]), seconds=12.5)


def test_it_works(given: Assignment) -> None:
    judgement = judging.submit(assignment=given, verdict=in_order(given))
    assert judgement.rankings.get().groups == [[s] for s in given.shown]
    assert Assignment.objects.get().state == Assignment.State.JUDGED
    assert Task.objects.values_list("taken", "judged").get() == (1, 1)
    assert WorkDay.objects.values_list("judgements", "seconds").get() == (1, 12.5)


def test_the_same_again_changes_nothing(given: Assignment) -> None:
    first = judging.submit(assignment=given, verdict=in_order(given))
    again = judging.submit(assignment=given, verdict=in_order(given))
    assert again == first
    assert Judgement.objects.count() == 1
    assert WorkDay.objects.get().judgements == 1


def test_a_revision_is_kept_beside_what_it_replaces(given: Assignment) -> None:
    judging.submit(assignment=given, verdict=in_order(given))
    revised = judging.submit(assignment=given, verdict=Verdict(overall([given.shown])))
    assert revised.revision == 2
    assert list(Judgement.objects.values_list("revision", "is_current")) == [(1, False), (2, True)]
    assert Task.objects.get().judged == 1


def test_ties_and_order_are_what_was_said(given: Assignment) -> None:
    a, b, c, d = given.shown
    judgement = judging.submit(assignment=given, verdict=Verdict(overall([[b], [a, d], [c]])))
    assert judgement.rankings.get().groups == [[b], sorted([a, d]), [c]]


def test_all_bad_is_a_fact_of_its_own_and_no_tie(given: Assignment) -> None:
    judgement = judging.submit(assignment=given, verdict=Verdict({}, all_bad=True))
    assert judgement.all_bad
    assert not judgement.rankings.exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda shown: [[s] for s in shown[:-1]], "leaves out 1 of 4"),
        (lambda shown: [*([s] for s in shown), [shown[0]]], "names an answer twice"),
        (lambda shown: [*([s] for s in shown[:-1]), [10**9]], "not in this task"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(
    given: Assignment, change: Callable[[list[int]], list[list[int]]], reason: str
) -> None:
    with pytest.raises(NotAcceptable, match=reason):
        judging.submit(assignment=given, verdict=Verdict(overall(change(given.shown))))
    assert not Judgement.objects.exists()


def test_a_refusal_is_a_sentence_in_the_persons_language(given: Assignment) -> None:
    compile_once()
    with translation.override("zh-hans"), pytest.raises(NotAcceptable) as refused:
        judging.submit(assignment=given, verdict=Verdict(overall([[s] for s in given.shown[:-1]])))
    assert str(refused.value) == "排序（overall）漏掉了 1 个回答（共 4 个）。"
    Assignment.objects.update(state=Assignment.State.SKIPPED)
    with translation.override("zh-hans"), pytest.raises(NoLongerOpen) as closed:
        judging.submit(assignment=given, verdict=in_order(given))
    assert str(closed.value) == "这个任务已跳过：不能再评判。"


def test_ties_are_refused_where_the_project_says_so(given: Assignment) -> None:
    given.project.allow_ties = False
    with pytest.raises(NotAcceptable, match="does not allow ties"):
        judging.submit(assignment=given, verdict=Verdict(overall([given.shown])))


def test_work_done_after_the_lease_ran_out_counts(given: Assignment, second_annotator: Person) -> None:
    """Somebody else has the task by now: both judgements are kept, and the log says why there is one more."""
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    leases.expire_overdue()
    other = leases.lease_next(person=second_annotator, project=given.project)
    judging.submit(assignment=given, verdict=in_order(given))
    judging.submit(assignment=other, verdict=in_order(other))
    assert Task.objects.values_list("taken", "judged", "overlap").get() == (2, 2, 2)
    assert AuditEvent.objects.filter(action="task.overlap_raised").count() == 1


def test_a_skipped_task_cannot_be_judged(given: Assignment) -> None:
    leases.skip(assignment=given)
    with pytest.raises(NoLongerOpen):
        judging.submit(assignment=given, verdict=in_order(given))


def test_the_audit_log_cannot_be_rewritten(project: Project) -> None:
    with pytest.raises(Exception, match="never changed or removed"), connection.cursor() as cursor:
        cursor.execute("UPDATE annotation_auditevent SET action = 'nothing happened'")
