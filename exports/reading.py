"""Snapshots back from disk, for those who serve them. Nothing is handed out that is not as the manifest says."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exports import shelf
from exports.kinds import JSON_LINES
from exports.models import Snapshot
from workers.sentences import Spoken


class NoSuchFile(LookupError):
    """The snapshot has no such format or split."""


class Withdrawn(Exception):
    """The snapshot's files were taken away on purpose; the message says why."""


class Damaged(Spoken):
    """A file is not as it was frozen; the message names it."""


def cut_short(snapshot: Snapshot, name: str, facts: Mapping[str, Any]) -> Damaged:
    return Damaged(
        "%(name)s of snapshot %(id)d is missing or not %(bytes)d bytes long.",
        name=name,
        id=snapshot.pk,
        bytes=facts["bytes"],
    )


def open_file(snapshot: Snapshot, format_name: str, split: str, kind: str = JSON_LINES) -> Path:
    """The file's path, once its size is what the manifest says. Its SHA-256 there serves as the `ETag`.

    Raises `NoSuchFile`, `Withdrawn`, and `Damaged` where the file is gone or cut short. `verify` checks every byte.
    """
    name = f"{format_name}/{split}.{kind}"
    facts = facts_of(snapshot, name)
    path = shelf.local(snapshot, name)
    if not path.is_file() or path.stat().st_size != facts["bytes"]:
        raise cut_short(snapshot, name, facts)
    return path


def facts_of(snapshot: Snapshot, name: str) -> dict[str, Any]:
    """The manifest's entry of a file that can be had. Raises `NoSuchFile` and `Withdrawn`."""
    if snapshot.withdrawn_at:
        raise Withdrawn(f"Snapshot {snapshot.pk} was withdrawn: {snapshot.withdrawn_why}")
    if facts := snapshot.file(name):
        return facts
    raise NoSuchFile(f"This snapshot has no {name}.")


def card_of(snapshot: Snapshot) -> bytes:
    """The dataset card, as it was frozen. Raises `Withdrawn`, and `Damaged` where it is gone."""
    if snapshot.withdrawn_at:
        raise Withdrawn(f"Snapshot {snapshot.pk} was withdrawn: {snapshot.withdrawn_why}")
    path = shelf.local(snapshot, "README.md")
    if not path.is_file():
        raise Damaged("The card of snapshot %(id)d is missing.", id=snapshot.pk)
    return path.read_bytes()


def verify(snapshot: Snapshot) -> None:
    """Read all files and compare their hashes with the manifest's. Raises `Damaged`."""
    for name, facts in snapshot.manifest["files"].items():
        path = shelf.local(snapshot, name)
        if not path.is_file() or _sha256(path) != facts["sha256"]:
            raise Damaged("%(name)s of snapshot %(id)d is missing or was changed.", name=name, id=snapshot.pk)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
