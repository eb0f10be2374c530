"""Snapshots back from disk, for those who serve them. Nothing is handed out that is not as the manifest says."""

import hashlib
from pathlib import Path

from exports.models import Snapshot
from exports.snapshot import file_name


class NoSuchFile(LookupError):
    """The snapshot has no such format or split."""


class Damaged(Exception):
    """A file is not as it was frozen; the message names it."""


def open_file(snapshot: Snapshot, format_name: str, split: str) -> Path:
    """The file's path, once its size is what the manifest says. Its SHA-256 there serves as the `ETag`.

    Raises `NoSuchFile`, and `Damaged` where the file is gone or cut short. See `verify` for a check of every byte.
    """
    name = file_name(format_name, split)
    facts = snapshot.file(name)
    if facts is None:
        raise NoSuchFile(f"This snapshot has no {name}.")
    path = snapshot.folder / name
    if not path.is_file() or path.stat().st_size != facts["bytes"]:
        raise Damaged(f"{name} of snapshot {snapshot.pk} is missing or not {facts['bytes']} bytes long.")
    return path


def verify(snapshot: Snapshot) -> None:
    """Read all files and compare their hashes with the manifest's. Raises `Damaged`."""
    for name, facts in snapshot.manifest["files"].items():
        path = snapshot.folder / name
        if not path.is_file() or _sha256(path) != facts["sha256"]:
            raise Damaged(f"{name} of snapshot {snapshot.pk} is missing or was changed.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
