from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from annotation.models import Project
from annotation.quality.measuring import agreement, glance
from exports.models import Snapshot
from webapp.console import charts, figures, jobs, live
from webapp.console.access import SignedIn, facts, readable
from webapp.console.metrics import heldout
from webapp.console.quality import backlog
from webapp.console.shares import Share
from webapp.plots import sparkline
from workers import triggers
from workers.models import RewardModel

PANELS = ("tiles", "throughput", "people", "jobs", "models", "snapshot")
JOBS, VERSIONS = 4, 20


@login_required
@require_GET
def dashboard(request: SignedIn, slug: str) -> HttpResponse:
    project = readable(request, slug)
    context = facts(request, project, **_work(project), **_background(project))
    return live.respond(request, "dashboard", PANELS, context)


def _work(project: Project) -> dict[str, Any]:
    days = figures.days(project)
    workers = figures.workers(project)
    return {
        "counts": figures.counts(project),
        "today": days[-1],
        "trend": sparkline([day.judgements for day in days]),
        "week": sum(day.judgements for day in days[-7:]),
        "throughput": charts.throughput(days) if any(day.judgements for day in days) else None,
        "workers": workers,
        "trust": _trust(project),
        "most": max((worker.total for worker in workers), default=0),
    }


def _trust(project: Project) -> dict[str, Any]:
    """Agreement as it is known, and what waits for a manager's word."""
    known = glance(project)
    share = Share.of(agreement(known.figures)["pair_agreement"]) if known else None
    waiting = backlog(project)
    return {"agreement": share, "waiting": sum(waiting.values()), **waiting}


def _background(project: Project) -> dict[str, Any]:
    versions = list(RewardModel.objects.filter(project=project).order_by("-version")[:VERSIONS])
    read = [(model.version, heldout(model)) for model in reversed(versions)]
    return {
        "jobs": jobs.newest(project)[:JOBS],
        "newest_model": versions[0] if versions else None,
        "adopted": RewardModel.objects.adopted(project),
        "newest_heldout": read[-1][1] if read else None,
        "accuracy": charts.accuracy(read),
        "snapshot": Snapshot.objects.filter(project=project).select_related("created_by").first(),
        "until_training": _until_training(project),
    }


def _until_training(project: Project) -> int | None:
    """How many more rankings start a training by themselves; None where the project does not want that."""
    if project.retrain_every is None:
        return None
    return project.retrain_every - triggers.new_rankings(project, limit=project.retrain_every)
