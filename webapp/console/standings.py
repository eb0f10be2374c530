from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from annotation.models import Project
from annotation.quality.standings import Table, table
from webapp.console import lab_charts
from webapp.console.access import SignedIn, page, readable
from webapp.console.figures import remembered


@login_required
@require_GET
def standings(request: SignedIn, slug: str) -> HttpResponse:
    """The project's models as people rank them, plain or as if all answers were equally long."""
    project = readable(request, slug)
    found = _table(project, controlled=request.GET.get("length") == "1")
    return page(request, "standings", project, table=found, plot=lab_charts.standings(found))


def _table(project: Project, *, controlled: bool) -> Table:
    return remembered(project, f"standings:{controlled}", lambda: table(project, controlled=controlled))
