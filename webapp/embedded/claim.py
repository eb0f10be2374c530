"""Whose data folder it is: locks that the kernel lets go when their process dies, however it dies."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from webapp.embedded.errors import CannotStart

OWNER, USERS = "servers.lock", "servers.users"


def claim(data_dir: Path) -> TextIO | None:
    """The folder's lock, held until the file is closed; `None` where another process holds it."""
    file = (data_dir / OWNER).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    file.truncate(0)
    file.write(f"process {os.getpid()}: {' '.join(sys.argv)}")
    file.flush()
    return file


def refuse(data_dir: Path) -> CannotStart:
    """What to tell somebody who wants the folder for themselves while it is claimed."""
    holder = (data_dir / OWNER).read_text("utf-8", "replace") or "just starting"
    return CannotStart(
        f"Another copy of PrefLoop uses the data folder {data_dir} ({holder}). "
        "Stop that one first, or give this one a folder of its own with PREFLOOP_DATA_DIR."
    )


@contextmanager
def using(data_dir: Path) -> Iterator[None]:
    """Counts as a user of somebody else's servers: their owner does not stop them under this block."""
    with (data_dir / USERS).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


@contextmanager
def unused(data_dir: Path) -> Iterator[None]:
    """Waits until nobody else uses our servers, and keeps new ones out while the block runs."""
    with (data_dir / USERS).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another command still uses the database that this one started: waiting for it.", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
