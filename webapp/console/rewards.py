from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from webapp.console import charts, metrics
from webapp.console.access import SignedIn, page, readable
from workers.models import RewardModel

PLOTTED = 40


@login_required
@require_GET
def reward_models(request: SignedIn, slug: str) -> HttpResponse:
    project = readable(request, slug)
    models = list(RewardModel.objects.filter(project=project).order_by("-version"))
    rows = [(model, metrics.heldout(model)) for model in models]
    plot = charts.accuracy([(model.version, heldout) for model, heldout in reversed(rows[:PLOTTED])])
    return page(request, "reward_models", project, rows=rows, plot=plot)


@login_required
@require_GET
def reward_model(request: SignedIn, slug: str, version: int) -> HttpResponse:
    project = readable(request, slug)
    model = get_object_or_404(RewardModel.objects.select_related("job"), project=project, version=version)
    return page(
        request,
        "reward_model",
        project,
        model=model,
        heldout=metrics.heldout(model),
        plot=charts.loss(metrics.losses(model, "train"), metrics.losses(model, "validate")),
        scores=model.scores.count(),
    )
