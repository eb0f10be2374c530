"""Models that answer: which there are, a new one, and one answer to see whether it works."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from annotation.models import Generator, Project, Prompt
from annotation.models.audit import record
from webapp.console.access import SignedIn, managed, page, readable
from webapp.console.generator_forms import LIVE, GeneratorForm
from workers import generating, jobs
from workers.models import Job


@login_required
@require_http_methods(["GET", "POST"])
def generators(request: SignedIn, slug: str) -> HttpResponse:
    project = managed(request, slug) if request.method == "POST" else readable(request, slug)
    form = GeneratorForm(project, request.POST or None)
    if form.is_valid() and (made := _register(request, form)):
        messages.success(request, _("%(name)s is registered. Try it on one prompt before you use it.") % {"name": made})
        if form.not_seen:
            unseen = _("It is not on the web server’s machine; a worker may have it, and trying it will tell.")
            messages.warning(request, f"{unseen} {form.not_seen}")
        return redirect("generators", slug)
    known = project.generators.annotate(answers=Count("samples")).order_by("-pk")
    context = {"generators": known, "live": [backend.value for backend in LIVE], "form": form}
    return page(request, "generators", project, status=422 if request.method == "POST" else 200, **context)


def _register(request: SignedIn, form: GeneratorForm) -> Generator | None:
    """None, with the reason in the form, where somebody took the name a moment ago."""
    generator = form.generator()
    try:
        with transaction.atomic():
            generator.save()
            record(
                "generator.create", actor=request.user, project=form.project, subject=generator.pk, name=generator.name
            )
    except IntegrityError:
        form.add_error("name", _("There is a model of this name already."))
        return None
    return generator


@login_required
@require_POST
def generator_try(request: SignedIn, slug: str, generator_id: int) -> HttpResponseRedirect:
    """One more answer to the newest prompt: a job whose log says what is wrong, where something is."""
    project = managed(request, slug)
    generator = get_object_or_404(Generator, pk=generator_id, project=project)
    try:
        return redirect("job", slug, _try(request, project, generator).pk)
    except jobs.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("generators", slug)


@login_required
@require_POST
def generator_remove(request: SignedIn, slug: str, generator_id: int) -> HttpResponseRedirect:
    """Take out a model that was registered by mistake. One whose answers are there stays: they name it."""
    project = managed(request, slug)
    generator = get_object_or_404(Generator, pk=generator_id, project=project)
    try:
        generator.delete()
    except IntegrityError:  # answers or turns of a chat name it
        messages.error(request, _("%(name)s has answered already: it stays.") % {"name": generator.name})
        return redirect("generators", slug)
    record("generator.remove", actor=request.user, project=project, subject=generator_id, name=generator.name)
    messages.success(request, _("%(name)s is taken out.") % {"name": generator.name})
    return redirect("generators", slug)


def _try(request: SignedIn, project: Project, generator: Generator) -> Job:
    accepted = Prompt.objects.filter(project=project, review_state=Prompt.Review.ACCEPTED)
    prompt = accepted.order_by("-pk").first()
    if prompt is None:
        raise jobs.Refused(_("There is no prompt to try it on: add one first."))
    wanted = prompt.samples.filter(usable=True).count() + 1
    return generating.start(
        project=project, by=request.user, generator=generator, prompt_ids=[prompt.pk], per_prompt=wanted, best_of=1
    )
