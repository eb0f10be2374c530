"""Who asks to be forgotten is: in the database at once, and in no dataset that can still be had."""

import io

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from annotation.models import (
    Assignment,
    AuditEvent,
    Candidate,
    Conversation,
    Generator,
    Judgement,
    Person,
    Project,
    Prompt,
    QualificationRound,
    QueuePosition,
    Sample,
    Task,
    Tree,
    Turn,
)
from exports.models import Snapshot
from exports.reading import Withdrawn, open_file, verify
from exports.snapshot import freeze
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
    assert set(Judgement.objects.values_list("person__username", flat=True)) == {"chat:bob"}
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


NAME = "hortensia-5e1f"  # nothing else in the database looks like it


def everything() -> str:
    """The whole database as text, each row of each table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(f"SELECT '{name} ' || t::text FROM {name} t" for name in tables))
        return "\n".join(row for (row,) in cursor.fetchall())


def planted(chat: Project, writer: str) -> Tree:
    """A tree as it was imported, with a message of theirs at its root and one deep below."""
    deep = {"message_id": "c", "text": "It is.", "role": "assistant", "user_id": writer, "replies": []}
    reply = {"message_id": "b", "text": "Why?", "role": "assistant", "user_id": "somebody else", "replies": [deep]}
    root = {"message_id": "a", "text": "Is it?", "role": "prompter", "user_id": writer, "replies": [reply]}
    body = {"message_tree_id": "a", "tree_state": "ready_for_export", "prompt": root}
    return Tree.objects.create(project=chat, external_id="a", body=orjson.dumps(body).decode())


def test_no_row_of_the_database_names_an_imported_person_any_more(chat: Project) -> None:
    work = task(chat, "Mine?", ["a", "b"])
    judge(work, NAME, [0, 1])
    Task.objects.filter(pk=work.pk).update(taken=1, judged=1)
    gone = person(chat, NAME)
    Prompt.objects.filter(pk=work.prompt_id).update(author=gone)
    Sample.objects.filter(pk=work.sample_ids[0]).update(author=gone)
    Task.objects.filter(project=chat).update(author_ids=[gone.pk, chat.created_by_id])
    planted(chat, NAME)
    QualificationRound.objects.create(project=chat, person=gone, number=1, wanted=1, pass_share=0.5)
    QueuePosition.objects.create(person=gone, lane=work.lane, priority=1, queue_number=1)
    before = frozen(chat, {"people": [NAME, "bob"], "without": ["ann"], "formats": ["raw", "oasst"]})
    assert NAME in everything()
    [job] = forget(person=gone, project=chat, by=chat.created_by)
    jobs.run(str(job.pk))
    assert NAME not in everything()
    assert not Person.objects.filter(pk=gone.pk).exists()
    assert set(map(tuple, Task.objects.values_list("author_ids", flat=True))) == {(chat.created_by_id,)}
    [after] = Snapshot.objects.open()
    assert after.query == {**before.query, "people": ["(forgotten)", "bob"]}
    assert NAME.encode() not in b"".join(path.read_bytes() for path in after.folder.rglob("*") if path.is_file())


def test_who_has_the_same_name_elsewhere_keeps_it(chat: Project) -> None:
    other = project("other")
    judge(task(other, "Hi", ["a", "b"]), "ann", [0, 1])
    before = frozen(chat, {"projects": {"chat": 1, "other": 1}, "people": ["ann"]})
    [job] = forget(person=person(chat, "ann"), project=chat, by=None)
    jobs.run(str(job.pk))
    assert Snapshot.objects.open().get().query == before.query


def test_somebody_whom_only_trees_name(chat: Project) -> None:
    tree = planted(chat, NAME)
    frozen(chat, {"formats": ["oasst"]})
    call_command("forget_person", "chat", NAME, "--yes", stdout=io.StringIO(), stderr=io.StringIO())
    assert NAME not in everything()
    tree.refresh_from_db()
    assert tree.body.count('"user_id"') == 1
    assert "Is it?" in [row["prompt"]["text"] for row in rows(Snapshot.objects.open().get(), "oasst")]


def test_what_they_said_to_models_goes_and_their_account_stays(chat: Project) -> None:
    ann = Person.objects.create(username="ann")
    work = task(chat, "Talk", [])
    lease = Assignment.objects.create(project=chat, task=work, person=ann, expires_at=timezone.now())
    Task.objects.filter(pk=work.pk).update(taken=1)
    talk = Conversation.objects.create(assignment=lease, project=chat, family="talk")
    turn = Turn.objects.create(conversation=talk, number=1, text="I live in Paris", state=Turn.State.DONE)
    generator = Generator.objects.get(project=chat)
    turn.winner = Candidate.objects.create(turn=turn, place=0, generator=generator, seed=1, text="How nice.")
    turn.save()
    forget(person=ann, project=chat, by=None)
    assert not Conversation.objects.exists()
    assert Person.objects.filter(username="ann").exists()


def test_who_is_forgotten_while_a_snapshot_is_written_is_not_in_it(chat: Project) -> None:
    job = Job.objects.create(kind=Job.Kind.SNAPSHOT, queue="export", project=chat)
    waiting = [person(chat, "ann")]

    def report(done: int, total: int, phase: str) -> None:
        if phase == "saving" and waiting:
            forget(person=waiting.pop(), project=chat, by=None)

    snapshot = freeze(job_id=job.pk, project=chat, by=None, query={}, report=report)
    assert not waiting
    assert snapshot.manifest["counts"]["people"] == 1
    assert [path.name for path in snapshot.folder.parent.iterdir()] == [snapshot.folder.name]
    verify(snapshot)


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
    with pytest.raises(CommandError, match="There is no person 'chat:ann'"):
        call_command("forget_person", "chat", "chat:ann", "--yes", stdout=out, stderr=io.StringIO())


def test_where_nobody_can_be_asked_nothing_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    judge(task(project(), "Hi", ["a", "b"]), "ann", [0, 1])
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="--yes"):
        call_command("forget_person", "chat", "chat:ann", stdout=io.StringIO())
    assert Judgement.objects.exists()
