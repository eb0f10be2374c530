"""PostgreSQL and Redis as Debian packages them, on free ports: what an installation with servers of its own uses."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

WAIT_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], bool], story: Callable[[], str], seconds: float = WAIT_S) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, story()
        time.sleep(0.2)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def debian_postgres() -> Iterator[str]:
    """The URL of a database of an owner that is not a superuser, as an administrator would hand it out."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        pytest.skip("Debian's PostgreSQL is not installed: apt install postgresql (.ci/run does)")
    # Not among pytest's folders, where only root may pass when root runs the tests.
    folder, port, password = Path(tempfile.mkdtemp(prefix="prefloop-pg-")), free_port(), secrets.token_hex(12)
    as_whom = _unprivileged(folder)
    secret = folder / "password"
    secret.write_text(password)
    subprocess.run(
        [*as_whom, found[-1] / "initdb", "-D", folder / "data", "-U", "admin", "-A", "scram-sha-256",
         "--pwfile", secret, "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"],
        check=True, capture_output=True, cwd="/",
    )  # fmt: skip
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    process = subprocess.Popen(
        [*as_whom, found[-1] / "postgres", "-D", folder / "data", *options.split()],
        cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield _new_database(port, password)
    finally:
        stop(process)
        shutil.rmtree(folder)


def _unprivileged(folder: Path) -> list[str]:
    """PostgreSQL refuses root: its own user then."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return [shutil.which("runuser") or "runuser", "-u", "postgres", "--"]


def _new_database(port: int, password: str) -> str:
    address = f"postgresql://admin:{password}@127.0.0.1:{port}/postgres"
    wait_until(lambda: _answers(address), lambda: "PostgreSQL does not answer")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE ROLE app LOGIN PASSWORD 'a%20b'")
        connection.execute("CREATE DATABASE prefloop OWNER app")
    return f"postgresql://app:a%2520b@127.0.0.1:{port}/prefloop"


def _answers(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(scope="module")
def debian_redis() -> Iterator[str]:
    program, port = shutil.which("redis-server"), free_port()
    if program is None:
        pytest.skip("Debian's Redis is not installed: apt install redis-server (.ci/run does)")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd="/")
    with redis.Redis(port=port) as client:
        wait_until(lambda: _pings(client), lambda: "Redis does not answer")
    yield f"redis://127.0.0.1:{port}/0"
    stop(process)


def _pings(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
