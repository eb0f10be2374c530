"""Freeze a query: files that never change, with a manifest that proves it (promise 6).

A snapshot is written into a draft folder beside its own and renamed when all of it is on disk: a folder under the
snapshot's name is whole. A freeze that was interrupted starts anew; the order of the records is the data's own, so
the same data give the same bytes.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import orjson
from django.db import transaction

from annotation.models import Person, Project
from exports import card, shelf
from exports.forgotten import hold, last_forgotten
from exports.manifest import Manifest, manifest_of
from exports.mixing import mixed
from exports.models import Snapshot
from exports.plan import plan
from exports.query import Query, read
from exports.records import consistent_view
from exports.reliability import weighed
from exports.writing import Report
from exports.writing import write as write_files


def freeze(
    *,
    job_id: UUID,
    project: Project,
    by: Person | None,
    query: object,
    parent: Snapshot | None = None,
    report: Report = lambda done, total, phase: None,
) -> Snapshot:
    """Write what `query` asks for and record it; a job that has its snapshot already gets that one.

    `parent` is the snapshot that this one follows. `report(done, total, phase)` counts judgements, and stops the
    freeze by raising. Raises `ValueError` for a query that makes no sense and `OSError` where the disk does not take
    it; neither leaves anything behind. Where a person is forgotten meanwhile it begins anew, without them.
    """
    asked = read(query)
    if made := Snapshot.objects.filter(job_id=job_id).first():
        return made
    snapshot = Snapshot(job_id=job_id, project=project, created_by=by, query=asked.as_dict(), parent=parent)
    snapshot.sources = sorted(plan(asked, project).project_ids)
    before = last_forgotten(snapshot.sources)
    with draft_of(snapshot.folder) as draft:
        snapshot.manifest = write(draft, project=project, query=asked, parent=parent, report=report)
    snapshot.sha256 = snapshot.manifest["sha256"]
    if shelf.has_store():
        shelf.put(snapshot, report)
        snapshot.is_remote = True
    if not _record(snapshot, before):
        shelf.remove(snapshot)
        return freeze(job_id=job_id, project=project, by=by, query=query, parent=parent, report=report)
    return snapshot


def _record(snapshot: Snapshot, before: int) -> bool:
    """Record what lies there whole; False where somebody was forgotten since, whose data it may hold."""
    with transaction.atomic():
        hold(snapshot.sources)
        if last_forgotten(snapshot.sources) != before:
            return False
        snapshot.save(force_insert=True)
        parent = snapshot.parent
        if parent and parent.withdrawn_at:
            Snapshot.objects.filter(pk=parent.pk, superseded_by=None).update(superseded_by=snapshot)
        if snapshot.is_remote:
            transaction.on_commit(lambda: shelf.drop_local(snapshot))
    return True


@contextmanager
def draft_of(folder: Path) -> Iterator[Path]:
    """A folder to write into that takes the name of `folder` at the end, or vanishes when something goes wrong."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    draft = folder.parent / f".{folder.name}.{secrets.token_hex(4)}"
    draft.mkdir()
    try:
        yield draft
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    _sync_folder(folder.parent)


def _clear(folder: Path) -> None:
    """Remove what a killed attempt left: its drafts, and a folder that it renamed but could no longer record."""
    for leftover in [*folder.parent.glob(f".{folder.name}.*"), folder]:
        shutil.rmtree(leftover, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    """A rename is on disk when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(folder: Path, *, project: Project, query: Query, parent: Snapshot | None = None, report: Report) -> Manifest:
    """Write files, manifest and card into `folder`; answers the manifest."""
    with consistent_view() as view:
        asked = weighed(view, mixed(view, plan(query, project)))
        written = write_files(folder, asked, view, report)
    manifest = manifest_of(asked, written, parent)
    _save(folder / "README.md", card.render(manifest).encode())
    _save(folder / "manifest.json", orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    for below in (path for path in folder.iterdir() if path.is_dir()):
        _sync_folder(below)
    _sync_folder(folder)
    return manifest


def _save(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
