"""Measuring quality as a job, where it takes longer than a page may wait."""

from typing import Any

from annotation.models import Project
from annotation.models.quality import Quality
from annotation.quality import measuring
from workers import jobs
from workers.models import Job


def latest(project: Project) -> tuple[Quality | None, Job | None]:
    """What is known of the project's quality, and the job that measures it anew, where that takes time."""
    known, is_due = measuring.latest(project)
    if not is_due:
        return known, None
    running = Job.objects.unfinished().filter(project=project, kind=Job.Kind.QUALITY).first()
    return known, running or jobs.enqueue(Job.Kind.QUALITY, project=project, by=None, arguments={})


@jobs.handler(Job.Kind.QUALITY)
def run(job: jobs.RunningJob) -> dict[str, Any]:
    """Measure; answers how many judgements there were and what it took."""
    measured = measuring.measure(job.project, told=lambda tasks: job.progress(tasks, 0, "measuring"))
    return {"judgements": measured.figures["judgements"], "seconds": round(measured.seconds, 1)}
