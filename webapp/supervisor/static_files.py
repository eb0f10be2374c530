"""Static files gathered, hashed and compressed, again only where one of them changed."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect_changed() -> bool:
    """Collect unless the last collection was of the same files; answers whether it did."""
    root = Path(settings.STATIC_ROOT)
    stamp, state = root.with_name(f"{root.name}.stamp"), _state()
    if stamp.exists() and stamp.read_text() == state and (root / "staticfiles.json").exists():
        return False
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)
    stamp.write_text(state)
    return True


def _state() -> str:
    """A digest of how files are kept, and of every file's name, size and time."""
    digest = hashlib.sha256(str(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
