"""What a person meets who has no server of their own: real ones that start, keep their data and recover."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from webapp.embedded import CannotStart, owned, running

ROOT = Path(__file__).resolve().parents[2]
# A command in another terminal: says that it is ready, and waits to be told to end.
OTHER = """
import sys
from pathlib import Path
from webapp.embedded import running
with running(Path(sys.argv[1]), unsafe=True) as servers:
    print(servers.database_url, flush=True)
    sys.stdin.read()
"""


def test_it_works(folder: Path) -> None:
    with running(folder, unsafe=True) as servers, psycopg.connect(servers.database_url) as connection:
        for extension in ("pg_trgm", "btree_gin", "pg_stat_statements"):
            connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('你好')")
        with redis.Redis.from_url(servers.redis_url) as cache:
            assert cache.ping()


def test_what_was_entered_is_there_next_time(folder: Path) -> None:
    _write(folder, "first")
    assert "first" in _read(folder)


def test_only_we_get_in(folder: Path) -> None:
    with owned(folder) as pair:
        assert stat.S_IMODE(pair.sockets.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "servers.json").stat().st_mode) == 0o600
        port = int(pair.servers.redis_url.rpartition(":")[2].partition("/")[0])
        with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()


def test_a_second_command_shares_the_servers_and_is_waited_for(folder: Path) -> None:
    first = _other(folder)
    url = _line(first)
    with running(folder, unsafe=True) as servers:
        assert servers.database_url == url
        _end(first, wait=False)
        time.sleep(0.5)
        with psycopg.connect(url) as connection:
            connection.execute("SELECT 1")
    assert first.wait(20) == 0


def test_somebody_who_wants_the_folder_alone_is_told_who_has_it(folder: Path) -> None:
    first = _other(folder)
    _line(first)
    with pytest.raises(CannotStart, match=rf"process {first.pid}.*Stop that one first"), owned(folder):
        pass
    _end(first)


def test_a_killed_owner_leaves_nothing_running_and_nothing_lost(folder: Path) -> None:
    _write(folder, "before the kill")
    first = _other(folder)
    _line(first)
    servers = psutil.Process(first.pid).children(recursive=True)
    assert len(servers) > 2
    first.kill()
    first.communicate()
    _, alive = psutil.wait_procs(servers, timeout=20)
    assert not alive
    assert "before the kill" in _read(folder)


def test_a_server_that_dies_comes_back_at_its_address(folder: Path) -> None:
    with owned(folder) as pair:
        assert pair.database
        assert pair.cache
        for process in (pair.database, pair.cache):
            process.kill()
            process.wait()
        assert list(pair.revive()) == ["PostgreSQL", "Valkey"]
        assert not list(pair.revive())
        psycopg.connect(pair.servers.database_url).close()
        with redis.Redis.from_url(pair.servers.redis_url) as cache:
            assert cache.ping()


def test_a_stale_pid_file_does_not_stop_the_start_nor_hit_a_stranger(folder: Path) -> None:
    """After a crash the number in the pid file may belong to another program by now: here to this test's own."""
    (folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}/postgres\n")
    assert isinstance(_read(folder), list)


def test_a_signal_while_starting_stops_what_has_started(folder: Path) -> None:
    first = _other(folder)
    time.sleep(0.3)
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=30)
    assert not [
        process for process in psutil.process_iter(["cmdline"])
        if str(folder / "postgres") in (process.info["cmdline"] or [])
    ]  # fmt: skip


def _other(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OTHER, str(folder)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def _end(process: subprocess.Popen[str], wait: bool = True) -> None:
    assert process.stdin
    process.stdin.close()
    if wait:
        process.wait(20)
    if process.stdout:
        process.stdout.close()


def _write(folder: Path, word: str) -> None:
    with running(folder, unsafe=True) as servers, psycopg.connect(servers.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [word])


def _read(folder: Path) -> list[str]:
    with running(folder, unsafe=True) as servers, psycopg.connect(servers.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        return [word for (word,) in connection.execute("SELECT word FROM kept")]
