"""Real servers without set-up: PostgreSQL and Valkey under the data folder, one pair for all who use the folder.

`running(data_dir)` gives their addresses: those of the pair that runs already, or of one that it starts and stops.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psycopg

from webapp.embedded.claim import claim, refuse, unused, using
from webapp.embedded.errors import CannotStart
from webapp.embedded.pair import Pair, Servers

__all__ = ["CannotStart", "Pair", "Servers", "owned", "prepare", "running"]

JOIN_S = 90.0  # a first start makes the cluster, on a slow disk too
LEAST_FREE = 200 * 2**20  # bytes: a new cluster, its log and room to work


@contextmanager
def running(data_dir: Path, *, unsafe: bool = False) -> Iterator[Servers]:
    """The folder's servers for as long as the block runs. Raises `CannotStart`."""
    prepare(data_dir)
    with ExitStack() as stack:
        yield _join_or_start(data_dir, unsafe, stack)


@contextmanager
def owned(data_dir: Path) -> Iterator[Pair]:
    """The folder's servers as ours alone to keep and to stop. Raises `CannotStart`, also where somebody else has it."""
    prepare(data_dir)
    lock = claim(data_dir)
    if lock is None:
        raise refuse(data_dir)
    with closing(lock), _started(data_dir, unsafe=False) as pair:
        yield pair


def prepare(data_dir: Path, *, least_free: int = LEAST_FREE) -> None:
    """The data folder and its logs, or a sentence with the cure. `least_free` is in bytes."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data_dir / "logs").mkdir(mode=0o700, exist_ok=True)
        probe = data_dir / "logs" / f".probe{os.getpid()}"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
        disk = os.statvfs(data_dir)
    except OSError as error:
        raise CannotStart(
            f"The data folder {data_dir} cannot be written: {error.strerror}. "
            "Free some space or mend its permissions, or choose another with PREFLOOP_DATA_DIR."
        ) from error
    if (free := disk.f_bavail * disk.f_frsize) < least_free:
        raise CannotStart(
            f"The disk of {data_dir} is full: {free // 2**20} MB are free and {least_free // 2**20} MB are needed. "
            "Free some space, or choose another folder with PREFLOOP_DATA_DIR."
        )


def _join_or_start(data_dir: Path, unsafe: bool, stack: ExitStack) -> Servers:
    ends = time.monotonic() + JOIN_S
    while time.monotonic() < ends:
        if lock := claim(data_dir):
            stack.enter_context(closing(lock))
            pair = stack.enter_context(_started(data_dir, unsafe))
            stack.enter_context(_announced(data_dir, pair.servers))
            return pair.servers
        if servers := _joined(data_dir, stack):
            return servers
        time.sleep(0.1)
    raise CannotStart(f"The servers of {data_dir} belong to another process, but do not answer. {refuse(data_dir)}")


def _joined(data_dir: Path, stack: ExitStack) -> Servers | None:
    """The servers that somebody else runs over this folder, when they answer."""
    with ExitStack() as trial, suppress(FileNotFoundError, ValueError, TypeError):
        trial.enter_context(using(data_dir))
        servers = Servers(**json.loads((data_dir / Pair.RECORD).read_text()))
        if _answers(servers.database_url):
            stack.push(trial.pop_all())
            return servers
    return None


@contextmanager
def _started(data_dir: Path, unsafe: bool) -> Iterator[Pair]:
    pair = Pair(data_dir, unsafe=unsafe)
    try:
        pair.start()
        yield pair
    finally:
        pair.stop()


@contextmanager
def _announced(data_dir: Path, servers: Servers) -> Iterator[None]:
    """A command that started servers for itself does not stop them under another that joined."""
    try:
        yield
    finally:
        (data_dir / Pair.RECORD).unlink(missing_ok=True)
        with unused(data_dir):
            pass


def _answers(database_url: str) -> bool:
    try:
        psycopg.connect(database_url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
