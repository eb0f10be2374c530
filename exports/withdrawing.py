"""A person's right to have their data deleted: their judgements go, and snapshots that hold them are withdrawn.

A snapshot's files never change; so they are taken away whole, its row and manifest stay to say that it was and why,
and a successor is frozen from the same query without the person. See the ADR.
"""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from annotation import forgetting
from annotation.models import Person, Project
from annotation.models.audit import record
from exports import comparison, shelf
from exports import jobs as freezing
from exports.forgotten import FORGOTTEN, bare_name, hold, unname
from exports.models import Comparison, Snapshot
from workers import jobs
from workers.models import Job

WHY = gettext_noop("A person had their data deleted.")


def forget(*, person: Person, project: Project, by: Person | None) -> list[Job]:
    """Delete what `person` judged in `project`, withdraw the snapshots that may hold it, and start their successors.

    What they wrote stays as the project's text, with nobody's name on it: others have judged it. Answers the jobs that
    freeze the successors. Their reward models are not unlearned: the audit log names the models that were trained.
    """
    subject, name = person.pk, bare_name(person)
    with transaction.atomic():
        hold([project.pk])
        gone = forgetting.forget(person=person, project=project)
        unname(name=name, project=project)
        return _successors(_forgotten(project, by, subject, gone), by)


def forget_writer(*, name: str, project: Project, by: Person | None) -> list[Job]:
    """The same for somebody whom nothing but imported trees name, as the `user_id` of messages.

    Raises `LookupError` where none does.
    """
    with transaction.atomic():
        hold([project.pk])
        messages = forgetting.unname_in_trees(project, lambda one: one == name)
        if not messages:
            raise LookupError(f"No imported tree names {name!r:.80}.")
        return _successors(_forgotten(project, by, "", forgetting.Forgotten(0, 0, messages)), by)


def _forgotten(project: Project, by: Person | None, subject: object, gone: forgetting.Forgotten) -> list[Snapshot]:
    touched = list(holding(project))
    withdrawn = [snapshot for snapshot in touched if withdraw(snapshot=snapshot, by=by, why=WHY)]
    record(
        FORGOTTEN,
        actor=by,
        project=project,
        subject=subject,
        judgements=gone.judgements,
        texts=gone.texts,
        messages=gone.messages,
        snapshots=[snapshot.pk for snapshot in withdrawn],
        reward_models=list(project.reward_models.values_list("version", flat=True)),
    )
    return withdrawn


def holding(project: Project) -> QuerySet[Snapshot]:
    """Snapshots with data of the project: any of them may hold the person's, and none says whose it holds."""
    mixed = Snapshot.objects.open().filter(sources__contains=[project.pk])
    alone = Snapshot.objects.open().filter(project=project, sources=[])
    return (mixed | alone).select_related("project", "job").order_by("pk")


def start(*, person: Person, project: Project, by: Person) -> Job:
    """Queue it: of who judged much, deleting takes longer than a page may. One job a person at a time."""
    arguments = {"person": person.pk}
    under_way = Job.objects.unfinished().filter(kind=Job.Kind.FORGET, project=project, arguments=arguments).first()
    return under_way or jobs.enqueue(Job.Kind.FORGET, project=project, by=by, arguments=arguments)


@jobs.handler(Job.Kind.FORGET)
def run(job: jobs.RunningJob) -> dict[str, Any]:
    """Forget; answers `{withdrawn, successors}`, the latter the ids of the jobs that freeze them.

    All of the deletion is one transaction: a job that was interrupted has done nothing yet, and begins anew.
    """
    person = Person.objects.filter(pk=job.arguments["person"]).first()
    if person is None:
        raise jobs.Refused("This person is no longer there.")
    job.check()
    freezes = forget(person=person, project=job.project, by=job.created_by)
    job.log("Deleted. %(n)d snapshots are withdrawn, and their successors are being frozen.", n=len(freezes))
    return {"withdrawn": len(freezes), "successors": [str(freeze.pk) for freeze in freezes]}


def withdraw(*, snapshot: Snapshot, by: Person | None, why: str) -> bool:
    """Take a snapshot's files away for good; answers whether it was there to be withdrawn. The row stays."""
    now = timezone.now()
    if not Snapshot.objects.open().filter(pk=snapshot.pk).update(withdrawn_at=now, withdrawn_why=why[:200]):
        return False
    record("snapshot.withdraw", actor=by, project=snapshot.project, subject=snapshot.pk, why=why)
    # After the commit: a snapshot that is open has its files. If the disk fails here, `sweep` finds what was left.
    transaction.on_commit(lambda: remove_files(snapshot))
    return True


def remove_files(snapshot: Snapshot) -> None:
    """Here and, where they lie there, in the store; and what was compared with them."""
    comparison.remove_with(snapshot)
    shelf.remove(snapshot)
    Snapshot.objects.filter(pk=snapshot.pk).update(is_remote=False)


def sweep() -> int:
    """Remove files of withdrawn snapshots that are still there; answers of how many."""
    gone = Snapshot.objects.exclude(withdrawn_at=None)
    left = [
        snapshot
        for snapshot in gone
        if snapshot.is_remote or snapshot.folder.exists() or Comparison.objects.with_snapshot(snapshot).exists()
    ]
    for snapshot in left:
        remove_files(snapshot)
    return len(left)


def _successors(withdrawn: list[Snapshot], by: Person | None) -> list[Job]:
    """Queued with the deletion or not at all. A query that makes no sense any more must not keep anybody's data."""
    freezes = []
    for snapshot in withdrawn:
        try:
            freezes.append(
                freezing.start(project=snapshot.project, by=by, query=snapshot.query, parent=snapshot, trusted=True)
            )
        except jobs.Refused as refused:
            why = refused.sentence.english
            record("snapshot.no_successor", actor=by, project=snapshot.project, subject=snapshot.pk, why=why)
    return freezes
