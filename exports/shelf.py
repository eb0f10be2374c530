"""Where snapshots lie: this machine's data folder, or an S3-compatible store where the settings name one.

A snapshot is always written here first. Where there is a store it is then uploaded and recorded as `is_remote`, readers
are sent to the store by links that it signed, and the folder here is no more than a cache.
"""

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage, storages

from exports.models import Snapshot

STORE = "snapshots"  # its name in settings.STORAGES
BLOCK = 1 << 20

Report = Callable[[int, int, str], None]


def has_store() -> bool:
    return STORE in settings.STORAGES


def _store() -> Storage:
    return storages[STORE]


def put(snapshot: Snapshot, report: Report) -> None:
    """Upload all files of the snapshot's folder. A second time, after a worker was lost, writes the same again."""
    paths = [path for path in sorted(snapshot.folder.rglob("*")) if path.is_file()]
    for done, path in enumerate(paths):
        report(done, len(paths), "uploading")
        name = _key(snapshot, str(path.relative_to(snapshot.folder)))
        with path.open("rb") as file:
            _store().save(name, File(file))
        if _store().size(name) != path.stat().st_size:
            raise OSError(f"{name} did not arrive whole in the store.")


def link(snapshot: Snapshot, name: str) -> str | None:
    """An address, good for a quarter of an hour, where the file can be had; None where it lies here."""
    return str(_store().url(_key(snapshot, name))) if snapshot.is_remote else None


def local(snapshot: Snapshot, name: str) -> Path:
    """The file on this machine, fetched from the store where it lies there. It may be missing or cut short."""
    path = snapshot.folder / name
    if snapshot.is_remote and not path.exists():
        _fetch(_key(snapshot, name), path)
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


def remove(snapshot: Snapshot) -> None:
    """Take the files away, here and in the store."""
    if snapshot.is_remote:
        for name in [*snapshot.manifest.get("files", {}), "README.md", "manifest.json"]:
            _store().delete(_key(snapshot, name))
    drop_local(snapshot)


def drop_local(snapshot: Snapshot) -> None:
    if snapshot.folder.exists():
        shutil.rmtree(snapshot.folder)


def _key(snapshot: Snapshot, name: str) -> str:
    return f"{snapshot.job_id}/{name}"
