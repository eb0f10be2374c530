"""Snapshots as work in the background and from the shell."""

import io

import pytest
from django.core.management import CommandError, call_command

from exports.jobs import start
from exports.models import Snapshot
from exports.reading import verify
from tests.exports.building import judge, project, task
from workers import jobs
from workers.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_job_freezes_and_names_what_it_made() -> None:
    chat = project()
    judge(task(chat, "Hi", ["a", "b"]), "ann", [0, 1])
    job = start(project=chat, by=chat.created_by, query={"formats": ["kwise"]})
    jobs.run(str(job.pk))
    job.refresh_from_db()
    snapshot = Snapshot.objects.get()
    assert (job.state, job.error) == (Job.State.SUCCEEDED, "")
    assert job.result == {"snapshot": snapshot.pk, "sha256": snapshot.sha256, "judgements": 1}
    assert (snapshot.job_id, snapshot.created_by) == (job.pk, chat.created_by)
    verify(snapshot)


def test_a_query_that_makes_no_sense_is_refused_before_there_is_a_job() -> None:
    with pytest.raises(jobs.Refused, match="there is no 'parquet'"):
        start(project=project(), by=None, query={"formats": ["parquet"]})
    assert not Job.objects.exists()


def test_from_the_shell() -> None:
    chat = project()
    judge(task(chat, "Hi", ["a", "b"]), "ann", [0, 1])
    out = io.StringIO()
    call_command("snapshot", "chat", "--query", '{"seed": 3}', stdout=out, stderr=io.StringIO())
    snapshot = Snapshot.objects.get()
    assert snapshot.sha256 in out.getvalue()
    assert str(snapshot.folder) in out.getvalue()
    assert snapshot.query["seed"] == 3


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(["nowhere"], "no project"), (["chat", "--query", "{"], "not JSON"), (["chat", "--query", '{"a": 1}'], "no key")],
)
def test_from_the_shell_with_mistakes(arguments: list[str], reason: str) -> None:
    project()
    with pytest.raises(CommandError, match=reason):
        call_command("snapshot", *arguments)
