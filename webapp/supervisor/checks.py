"""What must hold before anything starts, each with a plain sentence and the cure."""

import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.embedded.errors import CannotStart


def check_port(host: str, port: int) -> None:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"Port {port} is taken by another program: stop that, or choose another port, "
                f"as in `make demo PORT={port + 1}` or `manage.py up --port {port + 1}`."
            ) from error
        raise CannotStart(f"PrefLoop cannot listen on {host}, port {port}: {error.strerror}.") from error


@contextmanager
def only_one(data_dir: Path, url: str) -> Iterator[None]:
    """Hold the folder: two copies over the same data would fight over every job."""
    with (data_dir / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(_taken(data_dir, Path(file.name).read_text())) from None
        file.seek(0)
        file.truncate()
        json.dump({"pid": os.getpid(), "url": url}, file)
        file.flush()
        yield


def _taken(data_dir: Path, note: str) -> str:
    try:
        other = json.loads(note)
        where = f" at {other['url']} (process {other['pid']})"
    except (ValueError, KeyError):
        where = ""
    return (
        f"PrefLoop runs already over {data_dir}{where}: use that one, stop it with Ctrl-C, "
        "or choose another data folder with PREFLOOP_DATA_DIR."
    )
