"""Who asks to be forgotten is: in the database at once, and in no dataset that can still be had."""

import io

import pytest
from django.core.management import call_command

from annotation.models import AuditEvent, Judgement, Person, Project, Task
from exports.models import Snapshot
from exports.reading import Withdrawn, open_file
from exports.withdrawing import forget, sweep, withdraw
from tests.exports.building import judge, person, project, task
from tests.exports.test_snapshot import frozen, rows
from workers import jobs
from workers.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chat() -> Project:
    """Three tasks, each judged by Ann and Bob."""
    chat = project()
    for n in range(3):
        work = task(chat, f"Prompt {n}", ["a", "b"])
        judge(work, "ann", [0, 1], comment="I live in Paris")
        judge(work, "bob", [1, 0])
        Task.objects.filter(pk=work.pk).update(taken=2, judged=2)
    return chat


def test_it_works(chat: Project) -> None:
    before = frozen(chat)
    [job] = forget(person=person(chat, "ann"), project=chat, by=chat.created_by)
    before.refresh_from_db()
    assert not before.folder.exists()
    assert before.withdrawn_at
    with pytest.raises(Withdrawn, match="had their data deleted"):
        open_file(before, "kwise", "train")
    jobs.run(str(job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error
    before.refresh_from_db()
    after = Snapshot.objects.get(pk=job.result["snapshot"])
    assert (after.parent, before.superseded_by) == (before, after)
    assert after.query == before.query
    assert after.manifest["lineage"]["parent"]["sha256"] == before.sha256
    found = rows(after, "kwise")
    assert [len(row["judgements"]) for row in found] == [1, 1, 1]
    assert {row["responses"][row["ranks"].index(0)] for row in found} == {"b"}


def test_nothing_of_theirs_is_left_and_their_slots_are_free(chat: Project) -> None:
    forget(person=person(chat, "ann"), project=chat, by=None)
    assert not Judgement.objects.filter(person=person(chat, "ann")).exists()
    assert Judgement.objects.count() == 3
    assert set(Task.objects.values_list("taken", "judged")) == {(1, 1)}
    event = AuditEvent.objects.get(action="person.forgotten")
    assert (event.details["judgements"], "ann" in str(event.details)) == (3, False)


def test_other_projects_keep_theirs_and_mixed_snapshots_go(chat: Project) -> None:
    other = project("other")
    judge(task(other, "Hi", ["a", "b"]), "ann", [0, 1])
    alone, mixed = frozen(other), frozen(other, {"projects": {"chat": 1, "other": 1}})
    forget(person=person(chat, "ann"), project=chat, by=None)
    assert alone.folder.exists()
    assert not mixed.folder.exists()
    assert Judgement.objects.filter(project=other).count() == 1


def test_a_withdrawal_that_the_disk_did_not_take_is_finished_later(chat: Project) -> None:
    snapshot = frozen(chat)
    assert withdraw(snapshot=snapshot, by=None, why="A test.")
    assert not withdraw(snapshot=snapshot, by=None, why="Again.")
    snapshot.folder.mkdir()
    assert sweep() == 1
    assert not snapshot.folder.exists()


def test_from_the_shell(chat: Project) -> None:
    frozen(chat)
    out = io.StringIO()
    call_command("forget_person", "chat", "chat:ann", "--yes", stdout=out, stderr=io.StringIO())
    assert "1 snapshots are withdrawn" in out.getvalue()
    assert Snapshot.objects.open().count() == 1
    assert Person.objects.filter(username="chat:ann").exists()
