"""Real servers without set-up: PostgreSQL and Valkey under the data folder, one pair for all who use the folder.

`running(data_dir)` gives their addresses: those of the pair that runs already, or of one that it starts and stops.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psutil
import psycopg

from webapp.embedded import postgres, valkey
from webapp.embedded.errors import CannotStart

__all__ = ["CannotStart", "Servers", "prepare", "running"]


@dataclass(frozen=True)
class Servers:
    """Where the two servers are; `owner` is the process that will stop them."""

    database_url: str
    redis_url: str
    owner: int

    @property
    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


@contextmanager
def running(data_dir: Path, *, unsafe: bool = False) -> Iterator[Servers]:
    """The folder's servers for as long as the block runs. Raises `CannotStart`."""
    prepare(data_dir)
    with _starting(data_dir):
        stop, servers = _recorded(data_dir) or _start(data_dir, unsafe)
    try:
        yield servers
    finally:
        stop()


def prepare(data_dir: Path) -> None:
    """The data folder and its logs, or a sentence with the cure."""
    try:
        (data_dir / "logs").mkdir(parents=True, exist_ok=True)
        probe = data_dir / "logs" / ".probe"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"The data folder {data_dir} cannot be written: {error.strerror}. "
            "Free some space or mend its permissions, or choose another with PREFLOOP_DATA_DIR."
        ) from error


@contextmanager
def _starting(data_dir: Path) -> Iterator[None]:
    """One at a time looks for servers and starts them."""
    with (data_dir / "servers.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start(data_dir: Path, unsafe: bool) -> tuple[Callable[[], None], Servers]:
    logs = data_dir / "logs"
    database, database_url = postgres.start(data_dir / "postgres", logs / "postgres.log", unsafe=unsafe)
    try:
        cache, redis_url = valkey.start(logs / "valkey.log")
    except BaseException:
        postgres.stop(database)
        raise
    servers = Servers(database_url, redis_url, os.getpid())
    record = data_dir / "servers.json"
    record.touch(mode=0o600)
    record.write_text(json.dumps(asdict(servers)))

    def stop() -> None:
        record.unlink(missing_ok=True)
        valkey.stop(cache)
        postgres.stop(database, _sockets(database_url))

    return stop, servers


def _recorded(data_dir: Path) -> tuple[Callable[[], None], Servers] | None:
    """The servers that somebody else runs over this folder, when they answer; they are not ours to stop."""
    with suppress(FileNotFoundError, ValueError, TypeError):
        servers = Servers(**json.loads((data_dir / "servers.json").read_text()))
        if psutil.pid_exists(servers.owner) and _answers(servers.database_url):
            return (lambda: None), servers
    return None


def _answers(database_url: str) -> bool:
    try:
        psycopg.connect(database_url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _sockets(database_url: str) -> Path:
    host = urlsplit(database_url).netloc.rpartition("@")[2].rpartition(":")[0]
    return Path(unquote(host))
