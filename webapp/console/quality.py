"""How far the judgements can be trusted: the project's figures, and one person's."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from annotation import questions
from annotation.models import Gold, Project, Report, Task
from annotation.models.quality import Quality
from annotation.quality.measuring import agreement
from webapp.console import shares
from webapp.console.access import SignedIn, page, readable
from workers import measuring

PEOPLE = 50  # rows of a page of the table
DISPUTED = 10


@login_required
@require_GET
def quality(request: SignedIn, slug: str) -> HttpResponse:
    project = readable(request, slug)
    known, job = measuring.latest(project)
    context = {**described(known), **_people(request, known)} if known else {}
    return page(request, "quality", project, job=job, known=known, backlog=backlog(project), **context)


def backlog(project: Project) -> dict[str, int]:
    """What waits for a manager: the counts beside the links of the quality pages."""
    return {
        "reviews": Task.objects.filter(project=project, review_wanted_at__isnull=False, withdrawn_at=None).count(),
        "reports": Report.objects.open().filter(project=project).count(),
    }


def described(known: Quality) -> dict[str, Any]:
    figures = known.figures
    main = agreement(figures)
    counted = main["consensus"]
    asked = {item.name: item.label for item in questions.of(known.project).criteria}
    return {
        "main": main,
        "pair_agreement": shares.Share.of(main["pair_agreement"]),
        "criteria": [
            (asked.get(name, ""), shares.Share.of(found["pair_agreement"]), found)
            for name, found in figures["agreement"].items()
        ],
        "gold_share": shares.Share.of(figures["gold"]),
        "consensus": [(name, counted[name]) for name in ("unanimous", "majority", "split")],
        "bias": {name: shares.Share.of(figures["bias"][name]) for name in ("first_wins", "longer_wins", "too_fast")},
        "over_time": shares.over_time(main["by_day"]),
        "places": shares.by_place(figures["bias"]["places"]),
        "people_in_all": figures["people_in_all"],
        "judgements": figures["judgements"],
        "disputed": _disputed(known.project, main),
    }


def _people(request: SignedIn, known: Quality) -> dict[str, Any]:
    """A page of the people who were measured: all, or with `look=1` those whom something marks."""
    measured = known.figures["people"]
    marked = [row for row in measured if row["concerns"]]
    only_marked = request.GET.get("look") == "1"
    shown = Paginator(marked if only_marked else measured, PEOPLE).get_page(request.GET.get("page"))
    rows = shares.rows(known.figures, list(shown))
    return {"rows": rows, "pages": shown, "marked": len(marked), "only_marked": only_marked, "measured": len(measured)}


def _disputed(project: Project, main: dict[str, Any]) -> list[dict[str, Any]]:
    """The tasks with the least agreement, with their prompts."""
    named = main["disputed"][:DISPUTED]
    tasks = Task.objects.filter(project=project).select_related("prompt").in_bulk([row["task"] for row in named])
    found = [{"task": tasks[row["task"]], "agreement": row["agreement"]} for row in named if row["task"] in tasks]
    return [{**row, "percent": f"{100 * row['agreement']:.0f}%"} for row in found if row["agreement"] < 1]


def golds(project: Project) -> dict[str, int]:
    """How many tasks each purpose has."""
    return Gold.objects.filter(task__project=project, task__withdrawn_at=None).aggregate(
        mixed_in=Count("pk", filter=Q(task__lane__purpose="gold")),
        qualification=Count("pk", filter=Q(task__lane__purpose="qualification")),
    )
