from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from annotation import projects
from annotation.models import Project
from annotation.models.audit import record
from annotation.presets import PRESETS, Preset
from webapp.console import asked_preview
from webapp.console.access import SignedIn, managed, page
from webapp.console.project_forms import GuidelineForm, NewProjectForm, SettingsForm
from webapp.console.question_forms import QuestionsForm
from webapp.console.trust_forms import TrustForm


@login_required
@require_http_methods(["GET", "POST"])
def project_new(request: SignedIn) -> HttpResponse:
    if not request.user.may_create_projects:
        raise Http404
    form = NewProjectForm(request.POST or None)
    if form.is_valid() and (made := _create(request, form)):
        messages.success(request, _("The project is ready. Add prompts next."))
        return redirect("dashboard", made.slug)
    status = 422 if request.method == "POST" else 200
    presets = [(preset, _preset_asks(preset)) for preset in PRESETS.values()]
    return render(request, "console/project_new.html", {"form": form, "presets": presets}, status=status)


def _preset_asks(preset: Preset) -> asked_preview.AskedPreview:
    return asked_preview.preview(Project(**preset.defaults), preset.questions, ids=f"{preset.key}-")


def _create(request: SignedIn, form: NewProjectForm) -> Project | None:
    """The project; None, with the reason in the form, where somebody took the short name a moment ago."""
    try:
        with transaction.atomic():
            return projects.create(by=request.user, **form.cleaned_data)
    except IntegrityError:
        form.add_error("slug", _("There is a project with this short name already."))
        return None


@login_required
@require_http_methods(["GET", "POST"])
def project_settings(request: SignedIn, slug: str) -> HttpResponse:
    project = managed(request, slug)
    form = SettingsForm(request.POST or None, instance=project)
    if form.is_valid():
        _save(request, form)
        messages.success(request, _("The settings were saved."))
        return redirect("project_settings", slug)
    return _page(request, managed(request, slug), form, _guideline_form(project))


def _save(request: SignedIn, form: SettingsForm | TrustForm) -> None:
    if not form.has_changed():
        return
    with transaction.atomic():
        project = form.save()
        record("project.settings", actor=request.user, project=project, subject=project.slug, changed=form.changed_data)


def _guideline_form(project: Project) -> GuidelineForm:
    guideline = project.guideline
    return GuidelineForm(initial={"text": guideline.text if guideline else ""})


def _page(
    request: SignedIn,
    project: Project,
    form: SettingsForm,
    guideline_form: GuidelineForm,
    questions_form: QuestionsForm | None = None,
    trust_form: TrustForm | None = None,
    status: int | None = None,
) -> HttpResponse:
    status = status or (422 if request.method == "POST" else 200)
    asked, trust = questions_form or QuestionsForm(project=project), trust_form or TrustForm(instance=project)
    forms: dict[str, Any] = {
        "form": form,
        "guideline_form": guideline_form,
        "questions_form": asked,
        "trust_form": trust,
    }
    forms["asked"] = asked_preview.of_form(asked)
    return page(request, "settings", project, status=status, guideline=project.guideline, **forms)


@login_required
@require_POST
def trust_write(request: SignedIn, slug: str) -> HttpResponse:
    """Gold, qualification, more judges where they disagree."""
    project = managed(request, slug)
    form = TrustForm(request.POST, instance=project)
    if not form.is_valid():
        fresh = managed(request, slug)
        return _page(request, fresh, SettingsForm(instance=fresh), _guideline_form(fresh), trust_form=form)
    _save(request, form)
    messages.success(request, _("The settings were saved."))
    return redirect("project_settings", slug)


@login_required
@require_POST
def questions_write(request: SignedIn, slug: str) -> HttpResponse:
    """What annotators are asked from now on; what was judged before stays as it was said."""
    project = managed(request, slug)
    form = QuestionsForm(request.POST, project=project)
    if not form.is_valid():
        return _page(request, project, SettingsForm(instance=project), _guideline_form(project), form)
    if project.questions != form.questions():
        with transaction.atomic():
            Project.objects.filter(pk=project.pk).update(questions=form.questions())
            record("project.questions", actor=request.user, project=project, subject=slug, questions=form.questions())
    messages.success(request, _("The questions were saved."))
    return redirect("project_settings", slug)


@login_required
@require_POST
def questions_preview(request: SignedIn, slug: str) -> HttpResponse:
    """The posted questions as annotators will meet them; nothing is saved. Without script the page with all of it."""
    project = managed(request, slug)
    form = QuestionsForm(request.POST, project=project)
    if request.htmx:
        return render(request, "console/_asked_preview.html", {"asked": asked_preview.of_form(form)})
    status = 200 if form.is_valid() else 422
    return _page(request, project, SettingsForm(instance=project), _guideline_form(project), form, status=status)


@login_required
@require_POST
def guideline_write(request: SignedIn, slug: str) -> HttpResponse:
    project = managed(request, slug)
    form = GuidelineForm(request.POST)
    if not form.is_valid():
        return _page(request, project, SettingsForm(instance=project), form)
    text = form.cleaned_data["text"].replace("\r\n", "\n")
    written = projects.write_guideline(project=project, text=text, by=request.user)
    messages.success(request, _("The guideline is now version %(n)d.") % {"n": written.version})
    return redirect("project_settings", slug)


@login_required
@require_POST
def guideline_preview(request: SignedIn, slug: str) -> HttpResponse:
    """The posted text as annotators will see it."""
    managed(request, slug)
    return render(request, "console/_guideline_preview.html", {"text": request.POST.get("text", "")})


@login_required
@require_POST
def project_archive(request: SignedIn, slug: str) -> HttpResponseRedirect:
    """Put the project away: nothing is lost, but nobody is given tasks."""
    project = managed(request, slug)
    if Project.objects.filter(pk=project.pk, archived_at=None).update(archived_at=timezone.now()):
        record("project.archive", actor=request.user, project=project, subject=slug)
    messages.success(request, _("The project is archived."))
    return redirect("project_settings", slug)


@login_required
@require_POST
def project_restore(request: SignedIn, slug: str) -> HttpResponseRedirect:
    project = managed(request, slug)
    if Project.objects.filter(pk=project.pk, archived_at__isnull=False).update(archived_at=None):
        record("project.restore", actor=request.user, project=project, subject=slug)
    messages.success(request, _("The project is open again."))
    return redirect("project_settings", slug)
