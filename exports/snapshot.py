"""Freeze a query: files that never change, with a manifest that proves it (promise 6).

A snapshot is written into a draft folder beside its own and renamed when all of it is on disk: a folder under the
snapshot's name is whole. A freeze that was interrupted starts anew; the order of the records is the data's own, so
the same data give the same bytes.
"""

import hashlib
import os
import secrets
import shutil
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from annotation.models import Person, Project
from annotation.splitting import SPLITS, split_of
from exports import card
from exports.formats import FORMATS, Options
from exports.models import Snapshot
from exports.query import Query, read
from exports.record import Record
from exports.records import consistent_view, count, records
from exports.writers import EXTENSION, JsonLines

SCHEMA = 1  # of the files' rows and of the manifest
REPORT_EVERY = 200  # records

Report = Callable[[int, int, str], None]
Manifest = dict[str, Any]


def freeze(
    *,
    job_id: UUID,
    project: Project,
    by: Person | None,
    query: object,
    report: Report = lambda done, total, phase: None,
) -> Snapshot:
    """Write what `query` asks for and record it; a job that has its snapshot already gets that one.

    `report(done, total, phase)` counts judgements, and stops the freeze by raising. Raises `ValueError` for a query
    that makes no sense and `OSError` where the disk does not take it; neither leaves anything behind.
    """
    asked = read(query)
    if made := Snapshot.objects.filter(job_id=job_id).first():
        return made
    snapshot = Snapshot(job_id=job_id, project=project, created_by=by, query=asked.as_dict())
    with _draft_of(snapshot.folder) as draft:
        snapshot.manifest = write(draft, project=project, query=asked, report=report)
    snapshot.sha256 = snapshot.manifest["sha256"]
    snapshot.save(force_insert=True)
    return snapshot


@contextmanager
def _draft_of(folder: Path) -> Iterator[Path]:
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


def write(folder: Path, *, project: Project, query: Query, report: Report) -> Manifest:
    """Write files, manifest and card into `folder`; answers the manifest."""
    counts = Counts()
    with ExitStack() as stack:
        view = stack.enter_context(consistent_view())
        files = {name: stack.enter_context(JsonLines(folder / name)) for name in _names(query)}
        for record in _reported(records(view, project, query), count(view, project), report):
            split = split_of(record.family, query.seed, query.fractions)
            counts.add(split, record)
            _write_record(files, query, split, record)
        _sync(files, report)
        manifest = _manifest(project, query, counts, {name: file.facts for name, file in files.items()})
    _save(folder / "README.md", card.render(manifest).encode())
    _save(folder / "manifest.json", orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    return manifest


def file_name(format_name: str, split: str) -> str:
    """The file's name in a snapshot's folder and manifest."""
    return f"{format_name}/{split}.{EXTENSION}"


def _names(query: Query) -> list[str]:
    return [file_name(name, split) for name in query.formats for split in SPLITS]


def _write_record(files: dict[str, JsonLines], query: Query, split: str, record: Record) -> None:
    options = Options(text=query.text)
    for name in query.formats:
        file = files[file_name(name, split)]
        for row in FORMATS[name](record, options):
            file.write(row)


def _reported(stream: Iterator[Record], total: int, report: Report) -> Iterator[Record]:
    done = 0
    for number, record in enumerate(stream):
        if number % REPORT_EVERY == 0:
            report(done, total, "writing")
        yield record
        done += len(record.verdicts)
    report(done, done, "writing")


def _sync(files: dict[str, JsonLines], report: Report) -> None:
    for done, file in enumerate(files.values()):
        report(done, len(files), "saving")
        file.sync()


def _save(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


class Counts:
    """What came through, by split. Records of one prompt come one after the other."""

    def __init__(self) -> None:
        self.splits: dict[str, Counter[str]] = {split: Counter(prompts=0, groups=0, judgements=0) for split in SPLITS}
        self.people: set[str] = set()
        self._prompt = ""

    def add(self, split: str, record: Record) -> None:
        counter = self.splits[split]
        counter["prompts"] += record.prompt_id != self._prompt
        counter["groups"] += 1
        counter["judgements"] += len(record.verdicts)
        self._prompt = record.prompt_id
        self.people.update(verdict.annotator for verdict in record.verdicts)

    def all(self) -> dict[str, int]:
        total = sum(self.splits.values(), Counter[str]())
        return {name: total[name] for name in ("prompts", "groups", "judgements")} | {"people": len(self.people)}


def _manifest(project: Project, query: Query, counts: Counts, files: dict[str, dict[str, int | str]]) -> Manifest:
    guideline = project.guideline
    return {
        "schema": SCHEMA,
        "sha256": overall_hash(query.as_dict(), files),
        "query": query.as_dict(),
        "counts": counts.all(),
        "splits": {split: dict(counter) for split, counter in counts.splits.items()},
        "files": files,
        "notes": _notes(counts),
        "guideline": guideline.version if guideline else None,
        "code": code_version(),
    }


def overall_hash(query: dict[str, Any], files: dict[str, dict[str, int | str]]) -> str:
    """SHA-256 over the schema, the canonical query and the files' own hashes, as JSON with sorted keys."""
    content = {"schema": SCHEMA, "query": query, "files": {name: facts["sha256"] for name, facts in files.items()}}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _notes(counts: Counts) -> list[str]:
    if not counts.all()["groups"]:
        return ["No judgement fits the query: all files are empty."]
    return [
        f"No prompt family falls into {split}: families are placed by a hash, and these are few."
        for split, counter in counts.splits.items()
        if not counter["groups"]
    ]


def code_version() -> str:
    """The version in pyproject.toml: PrefLoop runs from its checkout and is not installed."""
    project = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["version"])
