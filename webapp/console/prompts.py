from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from annotation import cohorts
from annotation.intake.outcome import Taken
from annotation.intake.rows import BadRow, PromptRow
from annotation.intake.taking import take_prompts
from annotation.models import Judgement, Project, Prompt
from annotation.nearness import near
from webapp.console import listing, written
from webapp.console.access import SignedIn, managed, page, readable
from webapp.console.pasting import NearRow, labelled, near_copies, pasted, uploaded
from webapp.console.prompt_forms import FilterForm, GenerateForm, PromptsForm
from webapp.console.task_forms import SteerForm
from workers import generating, jobs
from workers.models import RewardModel

ERRORS = 50  # bad rows shown; the count says how many there are
JUDGEMENTS = 100


@login_required
@require_GET
def prompts(request: SignedIn, slug: str) -> HttpResponse:
    project = readable(request, slug)
    form = FilterForm(*listing.choices(project), request.GET)
    wishes = form.cleaned_data if form.is_valid() else {}
    shown = listing.prompts(project, wishes, before=request.GET.get("before", ""))
    query = request.GET.copy()
    query["before"] = str(shown.next_before or "")
    return page(request, "prompts", project, form=form, shown=shown, next_query=query.urlencode(), wishes=wishes)


@login_required
@require_http_methods(["GET", "POST"])
def prompts_add(request: SignedIn, slug: str) -> HttpResponse:
    project = managed(request, slug)
    form = PromptsForm(project, request.POST or None, request.FILES or None)
    alike = _near(project, form.cleaned_data) if form.is_valid() else []
    taken = _take(request, project, form.cleaned_data) if form.is_valid() and not alike else None
    if taken is None or _came_to_nothing(taken):
        if taken and not taken.errors:
            form.add_error("file", _("There is no prompt in it: each needs a row, below the names of the columns."))
        errors = taken.errors if taken else []
        status = 422 if request.method == "POST" else 200
        context = {"form": form, "errors": errors[:ERRORS], "error_count": len(errors), "alike": alike}
        return page(request, "prompts_add", project, status=status, **context)
    return redirect("prompts", slug)


def _near(project: Project, wishes: dict[str, Any]) -> list[NearRow]:
    """What of the pasted prompts is nearly there already, unless the manager has seen it."""
    if wishes["file"] or wishes["different"]:
        return []
    return near_copies(project, pasted(wishes["text"], by_line=wishes["separated"] == "line"))


def _take(request: SignedIn, project: Project, wishes: dict[str, Any]) -> Taken:
    """Take the prompts, say what became of them, and have them answered where that is wished."""
    file = wishes["file"]
    rows = uploaded(file) if file else pasted(wishes["text"], by_line=wishes["separated"] == "line")
    hashes: list[str] = []
    noted = _noting(labelled(rows, language=wishes["language"], category=wishes["category"]), hashes)
    taken = take_prompts(project=project, rows=noted, by=request.user, good_rows=wishes["good_rows"])
    if _came_to_nothing(taken):
        return taken
    _tell(request, taken)
    if wishes["answer"]:
        _answer(request, project, hashes, wishes)
    return taken


def _came_to_nothing(taken: Taken) -> bool:
    return not taken.created and bool(taken.errors or not taken.duplicates)


def _noting(
    rows: Iterator[tuple[int, PromptRow] | BadRow], hashes: list[str]
) -> Iterator[tuple[int, PromptRow] | BadRow]:
    for item in rows:
        if not isinstance(item, BadRow):
            hashes.append(item[1].content_hash)
        yield item


def _tell(request: SignedIn, taken: Taken) -> None:
    parts = [ngettext("%(n)d prompt was added.", "%(n)d prompts were added.", taken.created) % {"n": taken.created}]
    if taken.duplicates:
        known = ngettext("%(n)d was here already.", "%(n)d were here already.", taken.duplicates)
        parts.append(known % {"n": taken.duplicates})
    messages.success(request, " ".join(parts))
    if taken.errors:
        lines = ", ".join(str(bad.line) for bad in taken.errors[:ERRORS])
        messages.warning(request, _("Not taken, because the rows are bad: lines %s.") % lines)


def _answer(request: SignedIn, project: Project, hashes: list[str], wishes: dict[str, Any]) -> None:
    ids = Prompt.objects.filter(project=project, content_hash__in=hashes).values_list("pk", flat=True)
    sampling = {"generator": wishes["generator"], "temperatures": wishes["temperatures"]}
    try:
        generating.start(project=project, by=request.user, prompt_ids=ids, **sampling)
        messages.info(request, _("A model is answering them now: see Jobs."))
    except jobs.Refused as refusal:
        messages.warning(request, str(refusal))


@login_required
@require_GET
def prompt(request: SignedIn, slug: str, prompt_id: int) -> HttpResponse:
    project = readable(request, slug)
    found = get_object_or_404(Prompt.objects.select_related("author"), pk=prompt_id, project=project)
    answers = listing.answers(found, newest := _scorer(project))
    judged = Judgement.objects.current().filter(prompt=found).exclude(task__kind__in=written.WRITING)
    shown = judged.select_related("person").prefetch_related("rankings")[:JUDGEMENTS]
    orders = [(judgement, listing.orders(judgement, answers)) for judgement in shown]
    form = GenerateForm(project, initial={"prompt": found.pk})
    tasks = [(each, SteerForm.of(each)) for each in found.tasks.select_related("lane", "gold").order_by("pk")]
    context: dict[str, Any] = {"prompt": found, "answers": answers, "orders": orders, "newest": newest, "form": form}
    context["written"] = written.of_prompt(found)
    context["cohorts"] = cohorts.of(project) if tasks else []
    if found.review_state == Prompt.Review.PENDING:
        context["near"] = near(project=project, messages=found.messages, without=[found.pk])
    return page(request, "prompt", project, tasks=tasks, **context)


def _scorer(project: Project) -> RewardModel | None:
    """The adopted version; the newest one as long as none is."""
    return RewardModel.objects.filter(project=project).order_by("-is_adopted", "-version").first()
