"""The job that freezes a snapshot."""

from typing import Any

from annotation.models import Person, Project
from exports.query import normalise
from exports.snapshot import freeze
from workers import jobs
from workers.models import Job


def start(*, project: Project, by: Person | None, query: object) -> Job:
    """Queue a snapshot of what `query` asks for. Raises `jobs.Refused` where the query makes no sense."""
    try:
        arguments = {"query": normalise(query)}
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
        report=job.progress,
    )
    job.log(f"Froze {snapshot.manifest['counts']['judgements']} judgements as {snapshot.sha256}.")
    return {
        "snapshot": snapshot.pk,
        "sha256": snapshot.sha256,
        "judgements": snapshot.manifest["counts"]["judgements"],
    }
