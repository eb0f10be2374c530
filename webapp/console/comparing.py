"""Two snapshots beside each other: what was asked, how many rows came, went and changed, and the first of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from annotation.models import Project
from annotation.splitting import SPLITS
from exports import comparison, differences
from exports.comparing import ADDED, ALIKE, CHANGED, REMOVED, shared_formats
from exports.comparison import format_total
from exports.differences import Difference
from exports.models import Comparison, Snapshot
from webapp.api.comparing import diff_url
from webapp.console.access import SignedIn, page, readable
from webapp.console.side_by_side import Field, fields, is_turned, text_of
from workers.jobs import Refused
from workers.models import Job

CHOICES = 50  # of this project, and of the person's other ones
KINDS = {CHANGED: gettext_lazy("Changed"), ADDED: gettext_lazy("Added"), REMOVED: gettext_lazy("Removed")}


def others(request: SignedIn, made: Snapshot) -> list[tuple[str, list[Snapshot]]]:
    """What a snapshot can be compared with: `(project's name, its newest snapshots)`, its own project first."""
    open_ones = Snapshot.objects.visible_to(request.user).open().exclude(pk=made.pk).select_related("project")
    own = list(open_ones.filter(project=made.project)[:CHOICES])
    elsewhere: dict[str, list[Snapshot]] = {made.project.name: own} if own else {}
    for one in open_ones.exclude(project=made.project)[:CHOICES]:
        elsewhere.setdefault(one.project.name, []).append(one)
    return list(elsewhere.items())


@login_required
@require_POST
def snapshot_compare(request: SignedIn, slug: str, snapshot_id: int) -> HttpResponse:
    """Compare with the snapshot that was chosen: to the page at once where that was done before, else to the job."""
    project = readable(request, slug)
    chosen = request.POST.get("with", "")
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 19):
        messages.error(request, _("Choose a snapshot to compare with."))
        return redirect("snapshot", slug, snapshot_id)
    before, after = _pair(request, project, int(chosen), snapshot_id)
    if Comparison.objects.visible_to(request.user).filter(before=before, after=after).exists():
        return redirect("snapshot_comparison", slug, before.pk, after.pk)
    try:
        job = comparison.start(project=project, by=request.user, before=before, after=after)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("snapshot_comparison", slug, before.pk, after.pk)
    return redirect("job", slug, job.pk)


def _pair(request: SignedIn, project: Project, before: int, after: int) -> tuple[Snapshot, Snapshot]:
    """Both readable, and one of them the project's."""
    seen = Snapshot.objects.visible_to(request.user).select_related("project")
    pair = get_object_or_404(seen, pk=before), get_object_or_404(seen, pk=after)
    if project.pk not in {one.project_id for one in pair}:
        raise Http404
    return pair


@dataclass(frozen=True)
class Counted:
    """A line of the table of counts: of a split, or of the whole format."""

    name: str
    counts: dict[str, int]
    is_total: bool = False


@dataclass(frozen=True)
class Example:
    """A row that differs; `lone` has no other beside it."""

    kind: str
    words: str
    split: str
    fields: list[Field]
    is_turned: bool

    @property
    def lone(self) -> bool:
        return self.kind != CHANGED


@login_required
@require_GET
def snapshot_comparison(request: SignedIn, slug: str, before: int, after: int) -> HttpResponse:
    project = readable(request, slug)
    old, new = _pair(request, project, before, after)
    made = Comparison.objects.visible_to(request.user).filter(before=old, after=new).first()
    context = {
        "before": old,
        "after": new,
        "counts": differences.of_counts(old, new),
        "query": [_readable(one) for one in differences.of_queries(old, new)],
        "versions": [_readable(one) for one in differences.of_versions(old, new)],
        "shared": shared_formats(old, new),
        "moves": differences.moves_between_splits(old, new),
        **(_rows(made, request.GET.get("format", "")) if made else {"job": _under_way(project, old, new)}),
    }
    return page(request, "comparison", project, comparison=made, **context)


def _readable(found: Difference) -> Difference:
    return Difference(found.what, *(_words(value) for value in (found.before, found.after)))


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else text_of(value)


def _under_way(project: Project, before: Snapshot, after: Snapshot) -> Job | None:
    same = Q(arguments={"before": before.pk, "after": after.pk})
    return Job.objects.unfinished().filter(same, kind=Job.Kind.COMPARE, project=project).first()


def _rows(made: Comparison, wanted: str) -> dict[str, Any]:
    """Counts of all formats, and the examples of one."""
    formats = made.manifest["formats"]
    name = wanted if wanted in formats else "trl-preference" if "trl-preference" in formats else min(formats)
    return {
        "format": name,
        "formats": {each: list(_counted(splits)) for each, splits in sorted(formats.items())},
        "tally": format_total(formats[name]),
        "examples": list(_examples(made.manifest["examples"][name])),
        "diffs": [
            (file.removesuffix(".jsonl"), facts, diff_url(made, file))
            for file, facts in sorted(made.manifest["files"].items())
        ],
    }


def _counted(splits: dict[str, dict[str, int]]) -> Iterator[Counted]:
    for split in SPLITS:
        if any(splits[split].values()):
            yield Counted(split, splits[split])
    yield Counted("", {ADDED: 0, REMOVED: 0, CHANGED: 0, ALIKE: 0} | format_total(splits), is_total=True)


def _examples(found: dict[str, list[dict[str, Any]]]) -> Iterator[Example]:
    for kind, words in KINDS.items():
        for change in found.get(kind, []):
            yield Example(kind, str(words), change["split"], fields(change), is_turned(change))
