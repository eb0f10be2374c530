"""Where snapshots lie: this machine's data folder, or an S3-compatible store where the settings name one.

A snapshot is always written here first. Where there is a store it is then uploaded and recorded as `is_remote`, readers
are sent to the store by links that it signed, and the folder here is no more than a cache.
"""

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.utils.translation import gettext_noop

STORE = "snapshots"  # its name in settings.STORAGES
BLOCK = 1 << 20

Report = Callable[[int, int, str], None]


class Kept(Protocol):
    """What lies on the shelf, under its job's id: a snapshot, or a comparison of two."""

    manifest: dict[str, Any]
    is_remote: bool

    @property
    def job_id(self) -> UUID: ...

    @property
    def folder(self) -> Path: ...


def has_store() -> bool:
    return STORE in settings.STORAGES


def _store() -> Storage:
    return storages[STORE]


def put(kept: Kept, report: Report) -> None:
    """Upload all files of its folder. A second time, after a worker was lost, writes the same again."""
    paths = [path for path in sorted(kept.folder.rglob("*")) if path.is_file()]
    for done, path in enumerate(paths):
        report(done, len(paths), gettext_noop("uploading"))
        name = _key(kept, str(path.relative_to(kept.folder)))
        with path.open("rb") as file:
            _store().save(name, File(file))
        if _store().size(name) != path.stat().st_size:
            raise OSError(f"{name} did not arrive whole in the store.")


def link(kept: Kept, name: str) -> str | None:
    """An address, good for a quarter of an hour, where the file can be had; None where it lies here."""
    return str(_store().url(_key(kept, name))) if kept.is_remote else None


def local(kept: Kept, name: str) -> Path:
    """The file on this machine, fetched from the store where it lies there. It may be missing or cut short."""
    path = kept.folder / name
    if kept.is_remote and not path.exists():
        _fetch(_key(kept, name), path)
    return path


def _fetch(key: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with _store().open(key) as source, draft.open("xb") as target:
            shutil.copyfileobj(source, target, BLOCK)
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)


def remove(kept: Kept) -> None:
    """Take the files away, here and in the store."""
    if kept.is_remote:
        for name in [*kept.manifest.get("files", {}), "README.md", "manifest.json"]:
            _store().delete(_key(kept, name))
    drop_local(kept)


def drop_local(kept: Kept) -> None:
    if kept.folder.exists():
        shutil.rmtree(kept.folder)


def _key(kept: Kept, name: str) -> str:
    return f"{kept.job_id}/{name}"
