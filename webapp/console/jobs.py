from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from annotation.models import Project
from exports.models import Comparison, Snapshot
from webapp.console import live
from webapp.console.access import SignedIn, facts, managed, readable
from webapp.console.prompt_forms import GenerateForm
from workers import generating, jobs, training
from workers.models import Job, RewardModel

PER_PAGE = 30


def newest(project: Project) -> QuerySet[Job]:
    """What is not over yet first, then the newest."""
    jobs_of = Job.objects.filter(project=project).select_related("created_by")
    return jobs_of.order_by(F("finished_at").desc(nulls_first=True), "-created_at")


@login_required
@require_GET
def job_list(request: SignedIn, slug: str) -> HttpResponse:
    project = readable(request, slug)
    shown = Paginator(newest(project), PER_PAGE).get_page(request.GET.get("page"))
    return live.respond(request, "jobs", ["job_list"], facts(request, project, jobs=shown))


@login_required
@require_GET
def job_detail(request: SignedIn, slug: str, job_id: UUID) -> HttpResponse:
    project = readable(request, slug)
    job = get_object_or_404(Job.objects.filter(project=project).select_related("created_by"), pk=job_id)
    made = {
        "reward_model": RewardModel.objects.filter(job=job).first(),
        "snapshot": Snapshot.objects.filter(job=job).first(),
        "comparison": _compared(request, job),
    }
    return live.respond(request, "job", ["job"], facts(request, project, job=job, **made))


def _compared(request: SignedIn, job: Job) -> Comparison | None:
    known = job.result.get("comparison") or 0
    return Comparison.objects.visible_to(request.user).filter(pk=known).first() if known else None


@login_required
@require_POST
def job_cancel(request: SignedIn, slug: str, job_id: UUID) -> HttpResponseRedirect:
    project = managed(request, slug)
    job = get_object_or_404(Job, pk=job_id, project=project)
    jobs.cancel(job, by=request.user)
    messages.info(request, _("The job was asked to stop."))
    return redirect("job", slug, job.pk)


@login_required
@require_POST
def generate(request: SignedIn, slug: str) -> HttpResponseRedirect:
    """Answers for one prompt, or for every prompt that lacks some."""
    project = managed(request, slug)
    form = GenerateForm(project, request.POST)
    if not form.is_valid():
        return _refused(request, project, " ".join(_sentences(form)))
    prompt = form.cleaned_data["prompt"]
    wishes = {name: form.cleaned_data[name] for name in ("generator", "temperatures", "best_of")}
    try:
        ids = [prompt.pk] if prompt else None
        return _started(slug, generating.start(project=project, by=request.user, prompt_ids=ids, **wishes))
    except jobs.Refused as refusal:
        return _refused(request, project, str(refusal))


@login_required
@require_POST
def train(request: SignedIn, slug: str) -> HttpResponseRedirect:
    project = managed(request, slug)
    try:
        with transaction.atomic():
            job = training.start(project=project, by=request.user)
    except jobs.Refused as refusal:
        return _refused(request, project, str(refusal))
    except IntegrityError:  # the database allows one unfinished training a project
        return _refused(request, project, _("A training is under way already: wait for it, or cancel it first."))
    for caution in training.cautions(project):
        messages.warning(request, str(caution.sentence))
    return _started(slug, job)


def _sentences(form: GenerateForm) -> list[str]:
    return [str(sentence) for errors in form.errors.values() for sentence in errors]


def _started(slug: str, job: Job) -> HttpResponseRedirect:
    return redirect("job", slug, job.pk)


def _refused(request: SignedIn, project: Project, reason: str) -> HttpResponseRedirect:
    messages.error(request, reason)
    return redirect("dashboard", project.slug)
