"""A manager's hand on one task: its priority, overlap and cohort, or out of the work and back."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from annotation import tasks
from annotation.models import Task
from webapp.console.access import SignedIn, managed
from webapp.console.task_forms import SteerForm


@login_required
@require_POST
def task_write(request: SignedIn, slug: str, task_id: int) -> HttpResponse:
    task = _task(request, slug, task_id)
    form = SteerForm(request.POST)
    if not form.is_valid():
        for name, errors in form.errors.items():
            messages.error(request, f"{form[name].label}: {' '.join(map(str, errors))}")
        return _back(task)
    return _steered(request, task, form.changes, _("Saved."))


@login_required
@require_POST
def task_withdraw(request: SignedIn, slug: str, task_id: int) -> HttpResponse:
    task = _task(request, slug, task_id)
    stopped = tasks.withdraw(task=task, by=request.user)
    words = _("The task is withdrawn: nobody gets it any more. What was judged stays.")
    if stopped:
        who = ngettext("%(n)d person was at work on it.", "%(n)d people were at work on it.", stopped)
        words = f"{words} {who % {'n': stopped}}"
    messages.success(request, words)
    return _back(task)


@login_required
@require_POST
def task_put_back(request: SignedIn, slug: str, task_id: int) -> HttpResponse:
    task = _task(request, slug, task_id)
    return _steered(request, task, {"withdrawn": False}, _("The task is work again."))


def _task(request: SignedIn, slug: str, task_id: int) -> Task:
    return get_object_or_404(Task.objects.select_related("lane"), pk=task_id, project=managed(request, slug))


def _steered(request: SignedIn, task: Task, changes: Mapping[str, Any], words: str) -> HttpResponse:
    try:
        tasks.steer(task=task, by=request.user, changes=changes)
        messages.success(request, words)
    except tasks.NotPossible as error:
        messages.error(request, str(error))
    return _back(task)


def _back(task: Task) -> HttpResponse:
    slug = task.project.slug
    return redirect("prompt", slug, task.prompt_id) if task.prompt_id else redirect("tasks", slug)
