from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from annotation.models import Project
from annotation.splitting import SPLITS
from exports import jobs as freezing
from exports.manifest import notes_of
from exports.models import Snapshot
from webapp.console import snapshot_charts
from webapp.console.access import SignedIn, page, readable
from webapp.console.comparing import others
from webapp.console.handing_forms import LinkForm, PushForm
from webapp.console.snapshot_forms import FreezeForm
from workers.jobs import Refused

PER_PAGE = 30


@login_required
@require_GET
def snapshots(request: SignedIn, slug: str) -> HttpResponse:
    project = readable(request, slug)
    return snapshots_page(request, project, FreezeForm())


def snapshots_page(
    request: SignedIn, project: Project, form: FreezeForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    made = _visible(request, project)
    listed = Paginator(made, PER_PAGE).get_page(request.GET.get("page"))
    return page(request, "snapshots", project, status=status, snapshots=listed, form=form, **more)


def _visible(request: SignedIn, project: Project) -> QuerySet[Snapshot]:
    """The project's snapshots; of mixed ones those whose other projects the person may read too."""
    return Snapshot.objects.visible_to(request.user).filter(project=project).select_related("created_by")


@login_required
@require_POST
def snapshot_freeze(request: SignedIn, slug: str) -> HttpResponse:
    project = readable(request, slug)
    form = FreezeForm(request.POST)
    if not form.is_valid():
        return snapshots_page(request, project, form, status=422)
    try:
        job = freezing.start(project=project, by=request.user, query=form.query)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return snapshots_page(request, project, form, status=422)
    return redirect("job", slug, job.pk)


@dataclass(frozen=True)
class File:
    """One file of a snapshot, and where to get it."""

    name: str
    split: str
    rows: int
    bytes: int
    sha256: str
    url: str

    @property
    def base(self) -> str:
        """Its name without its format's folder."""
        return self.name.partition("/")[2]


@login_required
@require_GET
def snapshot(request: SignedIn, slug: str, snapshot_id: int) -> HttpResponse:
    return shown(request, *visible_or_404(request, slug, snapshot_id))


def visible_or_404(request: SignedIn, slug: str, snapshot_id: int) -> tuple[Project, Snapshot]:
    project = readable(request, slug)
    return project, get_object_or_404(_visible(request, project).select_related("parent"), pk=snapshot_id)


def shown(request: SignedIn, project: Project, made: Snapshot, *, status: int = 200, **more: Any) -> HttpResponse:
    """The snapshot's page; `more` are forms that were sent, and what came of them."""
    formats: dict[str, list[File]] = {}
    for file in _files(request, made):
        formats.setdefault(file.name.split("/")[0], []).append(file)
    context = {
        "formats": formats,
        "notes": notes_of(made.manifest),
        "example": _example(formats),
        "others": others(request, made),
        "plots": snapshot_charts.plots(made.manifest),
        "agreement": _percent(made, "agreement"),
        "longer": _percent(made, "longer_wins"),
        "link_form": LinkForm(snapshot=made),
        "push_form": PushForm(),
        "pushes": bool(settings.HF_TOKEN),
        **more,
    }
    return page(request, "snapshot", project, status=status, snapshot=made, **context)


@dataclass(frozen=True)
class Example:
    """One format's files for a program to read: what `load_dataset` calls their kind, and the files of each split."""

    builder: str
    splits: dict[str, list[File]]

    @property
    def files(self) -> list[File]:
        return [file for files in self.splits.values() for file in files]


BUILDERS = {"jsonl": "json", "parquet": "parquet"}


def _example(formats: dict[str, list[File]]) -> Example | None:
    """Pairs where there are any, as JSON lines or else Parquet; None where there is neither."""
    files = formats.get("trl-preference") or next(iter(formats.values()), [])
    for ending, builder in BUILDERS.items():
        splits: dict[str, list[File]] = {}
        for file in files:
            if file.rows and file.name.endswith(f".{ending}"):
                splits.setdefault(file.split.partition("-")[0], []).append(file)
        if splits:
            return Example(builder, splits)
    return None


def _percent(made: Snapshot, name: str) -> dict[str, Any]:
    """One of the statistics that are `{share, pairs}`, its share in percent."""
    found = made.manifest.get("statistics", {}).get(name, {})
    return {**found, "percent": f"{100 * (found.get('share') or 0):.0f}"}


@login_required
@require_POST
def snapshot_again(request: SignedIn, slug: str, snapshot_id: int) -> HttpResponse:
    """The same query on today's data, as a snapshot that follows this one."""
    project, made = visible_or_404(request, slug, snapshot_id)
    try:
        job = freezing.start(project=project, by=request.user, query=made.query, parent=made)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("snapshot", slug, made.pk)
    return redirect("job", slug, job.pk)


def _files(request: SignedIn, made: Snapshot) -> list[File]:
    found = [_file(request, made, name) for name in made.manifest.get("files", {})]
    return sorted(found, key=lambda file: (file.name.split("/")[0], SPLITS.index(file.split.partition("-")[0])))


def _file(request: SignedIn, made: Snapshot, name: str) -> File:
    form, _slash, rest = name.partition("/")
    split, _dot, extension = rest.partition(".")
    url = reverse("api:snapshot_file", args=[made.pk, form, split, extension])
    facts = made.manifest["files"][name]
    return File(name, split, facts["rows"], facts["bytes"], facts["sha256"], request.build_absolute_uri(url))
