"""The job that freezes a snapshot."""

from typing import Any

from annotation.models import Person, Project
from exports.models import Snapshot
from exports.plan import check_readable
from exports.query import read
from exports.snapshot import freeze
from workers import jobs
from workers.models import Job


def start(
    *, project: Project, by: Person | None, query: object, parent: Snapshot | None = None, trusted: bool = False
) -> Job:
    """Queue a snapshot of what `query` asks for; `parent` is the one that it follows.

    Raises `jobs.Refused` where the query makes no sense, or wants data that `by` may not read; of a `trusted` query
    that was asked before.
    """
    try:
        asked = read(query)
        check_readable(asked, project, None if trusted else by)
        arguments = {"query": asked.as_dict(), "parent": parent and parent.pk}
    except ValueError as error:
        raise jobs.Refused(str(error)) from error
    return jobs.enqueue(Job.Kind.SNAPSHOT, project=project, by=by, arguments=arguments)


@jobs.handler(Job.Kind.SNAPSHOT)
def run(job: jobs.RunningJob) -> dict[str, Any]:
    """Freeze; answers `{snapshot, sha256, judgements}`. After a restart it begins anew: see snapshot.py."""
    snapshot = freeze(
        job_id=job.id,
        project=job.project,
        by=job.created_by,
        query=job.arguments.get("query", {}),
        parent=job.project.snapshots.filter(pk=job.arguments.get("parent") or 0).first(),
        report=job.progress,
    )
    judgements = snapshot.manifest["counts"]["judgements"]
    job.log("Froze %(n)d judgements as %(hash)s.", n=judgements, hash=snapshot.sha256)
    return {
        "snapshot": snapshot.pk,
        "sha256": snapshot.sha256,
        "judgements": judgements,
    }
