from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from annotation.models import Project
from webapp.console import charts, lab_charts, metrics
from webapp.console.access import SignedIn, managed, page, readable
from webapp.console.evening import evening
from webapp.console.figures import remembered
from webapp.console.measured import measured
from workers import scoring, training
from workers.models import RewardModel

PLOTTED = 40


@login_required
@require_GET
def reward_models(request: SignedIn, slug: str) -> HttpResponse:
    project = readable(request, slug)
    rows = [measured(model) for model in RewardModel.objects.filter(project=project).order_by("-version")]
    plotted = rows[PLOTTED - 1 :: -1]
    context: dict[str, Any] = {
        "rows": rows,
        "evening": evening(project),
        "plot": charts.accuracy([(found.model.version, found.heldout) for found in plotted]),
        "spread": lab_charts.spread(plotted),
        "cautions": remembered(project, "cautions", lambda: training.cautions(project)),
    }
    return page(request, "reward_models", project, **context)


@login_required
@require_GET
def reward_model(request: SignedIn, slug: str, version: int) -> HttpResponse:
    project = readable(request, slug)
    model = _version(project, version)
    found = measured(model)
    context: dict[str, Any] = {
        "model": model,
        "found": found,
        "heldout": metrics.heldout(model),
        "decision": metrics.Estimate.read(model.adoption.get("difference")),
        "plots": lab_charts.every(found),
        "plot": charts.loss(metrics.losses(model, "train"), metrics.losses(model, "validate")),
        "scores": model.scores.count(),
        "others": _others(project, version),
        "cautions": model.cautions,
    }
    return page(request, "reward_model", project, **context)


def _version(project: Project, version: int) -> RewardModel:
    return get_object_or_404(RewardModel.objects.select_related("job"), project=project, version=version)


def _others(project: Project, version: int) -> list[int]:
    found = RewardModel.objects.filter(project=project).exclude(version=version).order_by("-version")
    return list(found.values_list("version", flat=True))


@login_required
@require_GET
def reward_models_compare(request: SignedIn, slug: str) -> HttpResponse:
    """Two versions side by side, the older one first, each with its own figures; `a` and `b` are their numbers."""
    project = readable(request, slug)
    wanted = sorted({int(n) for n in request.GET.getlist("v") if n.isascii() and n.isdigit() and len(n) < 10})
    found = [measured(model) for model in RewardModel.objects.filter(project=project, version__in=wanted[:2])]
    if len(found) != 2:
        messages.warning(request, _("Choose two versions to compare."))
        return redirect("reward_models", slug)
    older, newer = sorted(found, key=lambda one: one.model.version)
    sides = [{"found": one, "plots": lab_charts.every(one)} for one in (older, newer)]
    pair: dict[str, Any] = {"older": older, "newer": newer, "against": newer.against(older.model.version)}
    return page(request, "reward_models_compare", project, sides=sides, **pair)


@login_required
@require_POST
def reward_model_adopt(request: SignedIn, slug: str, version: int) -> HttpResponseRedirect:
    """A manager's word: this version's scores count from now on. What lacks one is scored, then the queue follows."""
    project = managed(request, slug)
    scoring.adopt(model=_version(project, version), by=request.user)
    messages.success(request, _("Version %(v)d is adopted: its scores count from now on.") % {"v": version})
    return redirect("reward_model", slug, version)
