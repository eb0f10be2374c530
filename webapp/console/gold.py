"""Gold in the console: what there is and how people do on it, made from a task or a file, changed, given up."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotation import gold as golds_of
from annotation import questions
from annotation.models import Gold, Judgement, Lane, Project, Task
from annotation.models.task import TaskKind
from annotation.quality.agreement import compare
from annotation.quality.gold import tallies
from annotation.quality.said import Ranks
from webapp.console.access import SignedIn, managed, page, readable
from webapp.console.figures import remembered
from webapp.console.gold_files import GoldFileForm
from webapp.console.order_forms import GoldForm, entered
from webapp.console.quality import backlog, golds
from webapp.console.shares import Share
from webapp.workbench.order import groups_of

PER_PAGE = 25
LOOK_AT = 300  # newest tasks with several judges among which candidates are looked for
CANDIDATES = 20
SUSPECT_AFTER = 3  # people
ERRORS = 50


@dataclass(frozen=True)
class Row:
    """A gold and how people do on it. Suspect: it seems that most who judge it get it wrong."""

    gold: Gold
    share: Share

    @property
    def suspect(self) -> bool:
        return self.share.n >= SUSPECT_AFTER and self.share.value is not None and self.share.value < 0.5


@login_required
@require_GET
def golds_list(request: SignedIn, slug: str) -> HttpResponse:
    project = readable(request, slug)
    found = golds_of.of(project).filter(task__withdrawn_at=None).order_by("-pk")
    shown = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "rows": _rows(project, shown),
        "pages": shown,
        "counts": golds(project),
        "candidates": candidates(project) if project.role_of(request.user) in ("owner", "manager") else [],
        "backlog": backlog(project),
        "file_form": GoldFileForm(),
    }
    return page(request, "golds", project, **context)


def _rows(project: Project, shown: Page[Gold]) -> list[Row]:
    found = tallies(project, list(shown))
    return [Row(gold, Share.of(found[gold.task_id].estimate().as_dict())) for gold in shown]


def _orders(judgement: Judgement) -> dict[str, Ranks]:
    return {r.criterion: dict(zip(r.sample_ids, r.ranks, strict=True)) for r in judgement.rankings.all()}


def candidates(project: Project) -> list[dict[str, Any]]:
    """Tasks whose judges say the same of every pair: whose right order is as good as known."""
    known = remembered(project, "gold-candidates", lambda: _agreed_on(project))
    still = Task.objects.filter(gold=None, withdrawn_at=None).select_related("prompt").in_bulk([pk for pk, _n in known])
    return [{"task": still[pk], "judges": judges} for pk, judges in known if pk in still]


def _agreed_on(project: Project) -> list[tuple[int, int]]:
    """(task, how many judges) of the newest tasks, most judges first."""
    main = questions.criterion(project)
    tasks = Task.objects.filter(
        project=project, kind=TaskKind.RANK, judged__gte=2, gold=None, withdrawn_at=None,
        lane__purpose=Lane.Purpose.WORK,
    ).order_by("-pk")[:LOOK_AT]  # fmt: skip
    newest = list(tasks.values_list("pk", flat=True))
    orders: dict[int, dict[int, Ranks]] = {}
    said = Judgement.objects.current().filter(task__in=newest).prefetch_related("rankings")
    for judgement in said:
        if ranks := _orders(judgement).get(main):
            orders.setdefault(judgement.task_id, {})[judgement.person_id] = ranks
    alike = [(pk, len(orders[pk])) for pk in newest if _agreed(orders.get(pk, {}))]
    return sorted(alike, key=lambda pair: -pair[1])[:CANDIDATES]


def _agreed(orders: dict[int, Ranks]) -> bool:
    several = len(orders) > 1 and len(set(next(iter(orders.values())).values())) > 1
    return several and compare(orders).consensus == "unanimous"


@login_required
@require_http_methods(["GET", "POST"])
def gold(request: SignedIn, slug: str, task_id: int) -> HttpResponse:
    """Make a task gold, or change the gold that it is."""
    project = managed(request, slug)
    tasks = Task.objects.filter(project=project, kind=TaskKind.RANK).select_related("project", "lane", "prompt")
    task = get_object_or_404(tasks, pk=task_id)
    known = Gold.objects.filter(task=task).select_related("task__lane").first()
    form = GoldForm(request.POST or None, task=task, initial=GoldForm.of(known) if known else _suggested(task))
    if form.is_valid() and _made(request, form):
        return redirect("golds", slug)
    status = 422 if request.method == "POST" else 200
    context = {"task": task, "known": known, "form": form, "answers": form.answers(), "backlog": backlog(project)}
    return page(request, "gold", project, status=status, **context)


def _made(request: SignedIn, form: GoldForm) -> bool:
    wishes = {name: form.cleaned_data[name] for name in ("explanation", "purpose")}
    try:
        _gold, is_new = golds_of.make(task=form.task, groups=form.groups, by=request.user, **wishes)
    except golds_of.NotGold as reason:
        form.add_error(None, str(reason))
        return False
    messages.success(request, _("The task is gold now.") if is_new else _("The gold was changed."))
    return True


def _suggested(task: Task) -> dict[str, str]:
    """The order on which all judges agree, where there is one."""
    main = questions.criterion(task.project)
    said = Judgement.objects.current().filter(task=task).prefetch_related("rankings")
    orders = {judgement.person_id: ranks for judgement in said if (ranks := _orders(judgement).get(main))}
    agreed = _agreed(orders) and set(next(iter(orders.values()))) == set(task.sample_ids)
    return entered(groups_of(dict(next(iter(orders.values()))))) if agreed else {}


@login_required
@require_POST
def gold_give_up(request: SignedIn, slug: str, task_id: int) -> HttpResponseRedirect:
    project = managed(request, slug)
    golds_of.give_up(gold=get_object_or_404(Gold, task_id=task_id, task__project=project), by=request.user)
    messages.success(request, _("No longer gold: the task is work again."))
    return redirect("golds", slug)


@login_required
@require_POST
def gold_take(request: SignedIn, slug: str) -> HttpResponse:
    """Gold from a file, all of it or nothing."""
    project = managed(request, slug)
    form = GoldFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, project, form, [])
    rows, explanations = form.rows()
    purpose = form.cleaned_data["purpose"]
    taken, made = golds_of.take(project=project, rows=rows, by=request.user, explanations=explanations, purpose=purpose)
    if taken.errors:
        return _refused(request, project, form, taken.errors)
    words = ngettext("%(n)d gold task was made.", "%(n)d gold tasks were made.", made) % {"n": made}
    messages.success(request, words)
    return redirect("golds", slug)


def _refused(request: SignedIn, project: Project, form: GoldFileForm, errors: list[Any]) -> HttpResponse:
    shown = Paginator(golds_of.of(project).filter(task__withdrawn_at=None).order_by("-pk"), PER_PAGE).get_page(1)
    context = {"rows": _rows(project, shown), "pages": shown, "counts": golds(project), "backlog": backlog(project)}
    bad = {"file_form": form, "errors": errors[:ERRORS], "error_count": len(errors)}
    return page(request, "golds", project, status=422, candidates=candidates(project), **context, **bad)
