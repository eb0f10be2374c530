"""Which work waits in a project, by kind; and what a manager asks people for besides rankings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from annotation import drafting, wishes
from annotation.models import Assignment, Lane, Project, Prompt, Task
from annotation.models.audit import record
from annotation.models.task import TaskKind
from webapp.console.access import SignedIn, managed, page, readable
from webapp.console.task_forms import PromptsAskForm, RulesForm, TermsForm, WorkAskForm

MOST_COUNTED = 10_000  # open tasks of a lane; beyond it the page says "more"


@dataclass(frozen=True)
class Row:
    """One kind of work: what is open, and what people have in hand at this moment."""

    name: str
    open: int
    more: bool
    in_work: int


@login_required
@require_GET
def task_list(request: SignedIn, slug: str) -> HttpResponse:
    return _page(request, readable(request, slug))


def _page(request: SignedIn, project: Project, status: int = 200, **forms: Any) -> HttpResponse:
    """The page with empty forms, except for the one that was sent."""
    context = {
        "rows": rows(project),
        "pending": Prompt.objects.filter(project=project, review_state=Prompt.Review.PENDING).count(),
        "rules": RulesForm(instance=project),
        "prompts_form": PromptsAskForm(auto_id="prompts-%s"),
        "demonstrations_form": WorkAskForm(auto_id="demonstrations-%s"),
        "ratings_form": WorkAskForm(auto_id="ratings-%s", initial={"overlap": project.overlap}),
        **forms,
    }
    return page(request, "tasks", project, status=status, **context)


def rows(project: Project) -> list[Row]:
    """By kind, in the order of `TaskKind`; kinds that were never asked for are left out."""
    lanes: dict[str, list[int]] = {}
    for kind, pk in Lane.objects.filter(project=project, purpose=Lane.Purpose.WORK).values_list("kind", "pk"):
        lanes.setdefault(kind, []).append(pk)
    live = Assignment.objects.live().filter(project=project).order_by().values_list("task__kind")
    in_work = dict(live.annotate(Count("pk")))
    return [_row(kind, lanes[kind], in_work.get(kind, 0)) for kind in TaskKind.values if kind in lanes]


def _row(kind: str, lanes: list[int], in_work: int) -> Row:
    open_ = Task.objects.filter(lane__in=lanes, taken__lt=F("overlap"), withdrawn_at=None)
    number = open_.order_by()[: MOST_COUNTED + 1].count()
    return Row(str(TaskKind(kind).label), min(number, MOST_COUNTED), number > MOST_COUNTED, in_work)


@login_required
@require_POST
def rules_write(request: SignedIn, slug: str) -> HttpResponse:
    project = managed(request, slug)
    form = RulesForm(request.POST, instance=project)
    if not form.is_valid():
        return _page(request, project, 422, rules=form)
    form.save()
    record("project.writing", actor=request.user, project=project, subject=slug, changed=form.changed_data)
    messages.success(request, _("Saved."))
    return redirect("tasks", slug)


@login_required
@require_POST
def prompts_ask(request: SignedIn, slug: str) -> HttpResponse:
    project = managed(request, slug)
    form = PromptsAskForm(request.POST, auto_id="prompts-%s")
    if not form.is_valid():
        return _page(request, project, 422, prompts_form=form)
    said = form.cleaned_data
    made = wishes.ask_for_prompts(
        project=project,
        by=request.user,
        number=said["number"],
        instruction=said["instruction"],
        terms=form.terms,
        **form.labels,
    )
    return _told(request, slug, made)


@login_required
@require_POST
def demonstrations_ask(request: SignedIn, slug: str) -> HttpResponse:
    return _ask(request, slug, TaskKind.DEMONSTRATE, "demonstrations", wishes.ask_for_demonstrations)


@login_required
@require_POST
def ratings_ask(request: SignedIn, slug: str) -> HttpResponse:
    return _ask(request, slug, TaskKind.RATE, "ratings", wishes.ask_for_ratings)


def _ask(request: SignedIn, slug: str, kind: str, name: str, ask: Callable[..., int]) -> HttpResponse:
    project = managed(request, slug)
    form = WorkAskForm(request.POST, auto_id=f"{name}-%s")
    if form.is_valid():
        try:
            ids = _chosen(project, kind, form)
            return _told(request, slug, ask(project=project, by=request.user, prompt_ids=ids, terms=form.terms))
        except wishes.NotPossible as error:
            form.add_error(None, str(error))
    return _page(request, project, 422, **{f"{name}_form": form})


def _chosen(project: Project, kind: str, form: TermsForm) -> list[int]:
    found = wishes.lacking(project, kind).filter(**form.labels)
    return list(found.values_list("pk", flat=True)[: form.cleaned_data["number"]])


def _told(request: SignedIn, slug: str, made: int) -> HttpResponse:
    if made:
        messages.success(request, ngettext("%(n)d task was made.", "%(n)d tasks were made.", made) % {"n": made})
    else:
        messages.warning(request, _("No task was made: there is no such prompt of which nobody was asked for it yet."))
    return redirect("tasks", slug)


@login_required
@require_POST
def prompt_accept(request: SignedIn, slug: str, prompt_id: int) -> HttpResponse:
    return _rule(request, slug, prompt_id, accepted=True)


@login_required
@require_POST
def prompt_reject(request: SignedIn, slug: str, prompt_id: int) -> HttpResponse:
    return _rule(request, slug, prompt_id, accepted=False)


def _rule(request: SignedIn, slug: str, prompt_id: int, *, accepted: bool) -> HttpResponse:
    """A manager's word on a prompt that waits for review."""
    project = managed(request, slug)
    prompt = get_object_or_404(Prompt, pk=prompt_id, project=project)
    if not drafting.rule(prompt=prompt, by=request.user, accepted=accepted):
        messages.warning(request, _("This prompt does not wait for a review any more."))
    elif accepted:
        messages.success(request, _("The prompt is accepted."))
    else:
        messages.success(request, _("The prompt is rejected."))
    return redirect("prompt", slug, prompt_id)
