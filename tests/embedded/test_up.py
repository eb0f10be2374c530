"""`manage.py up` as somebody on a laptop meets it: one command, all processes, and one Ctrl-C that ends all of them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = ("web", "worker-cpu", "worker-generate", "worker-score", "worker-train", "beat")
READY_S = 180.0  # a first start makes the cluster and its tables, and the tests' machine is a busy one

pytestmark = pytest.mark.slow


class Up:
    """A running `up` over a data folder of its own."""

    def __init__(self, folder: Path):
        self.folder, self.port = folder, _free_port()
        self.output = folder.with_suffix(".output")
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                command("up", "--port", str(self.port)), cwd=ROOT, env=environment(folder),
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        return self.output.read_text()

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def named(self, word: str) -> list[psutil.Process]:
        return [child for child in self.family() if word in _words(child)]

    def get(self, path: str) -> int:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def environment(folder: Path) -> dict[str, str]:
    servers = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")
    return {k: v for k, v in os.environ.items() if k not in servers} | {"PREFLOOP_DATA_DIR": str(folder)}


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Up]]:
    """All that were started over one folder, the last of which may still run."""
    started: list[Up] = []
    yield started
    for running in started:
        if running.process.poll() is None:
            running.process.terminate()
            running.process.wait(60)


@pytest.fixture
def up(copies: list[Up], tmp_path_factory: pytest.TempPathFactory) -> Up:
    """One that is ready: the last one, where a test has not stopped it, since a start takes seconds."""
    if copies and copies[-1].process.poll() is None:
        return copies[-1]
    folder = copies[-1].folder if copies else tmp_path_factory.mktemp("up") / "data"
    running = Up(folder)
    copies.append(running)
    wait_for(lambda: f"PrefLoop is ready at http://127.0.0.1:{running.port}\n" in running.said(), running)
    return running


def wait_for(holds: Callable[[], bool], running: Up, seconds: float = READY_S) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert running.process.poll() is None, running.said()
        assert time.monotonic() < ends, running.said()
        time.sleep(0.1)


def test_it_works(up: Up) -> None:
    """Answers, in processes that each do their part; those of the web know no torch."""
    assert up.get("/healthz") == 200
    assert up.get("/accounts/login/") == 200
    assert "[1/4]" in up.said()
    assert "[4/4]" in up.said()
    for name in PROCESSES:
        assert up.named("gunicorn" if name == "web" else name), name
    if sys.platform.startswith("linux"):
        for web in up.named("gunicorn"):
            assert "libtorch" not in Path(f"/proc/{web.pid}/maps").read_text()


def test_a_command_in_a_second_terminal_meets_the_same_data(up: Up) -> None:
    done = subprocess.run(
        command("create_token", "ada"), cwd=ROOT, env=environment(up.folder), capture_output=True, text=True, check=True
    )
    token = done.stdout.splitlines()[-1]
    connection = HTTPConnection("127.0.0.1", up.port, timeout=20)
    connection.request("GET", "/api/v1/projects/", headers={"Authorization": f"Token {token}"})
    assert connection.getresponse().status == 200
    connection.close()


def test_a_second_copy_over_the_same_folder_says_where_the_first_is(up: Up) -> None:
    done = subprocess.run(
        command("up", "--port", str(_free_port())), cwd=ROOT, env=environment(up.folder), capture_output=True, text=True
    )
    assert done.returncode == 1
    assert f"runs already over {up.folder} at http://127.0.0.1:{up.port}" in done.stderr


def test_what_is_killed_comes_back(up: Up) -> None:
    (worker,) = up.named("worker-generate")
    worker.kill()
    wait_for(lambda: any(other.pid != worker.pid for other in up.named("worker-generate")), up, seconds=20)
    assert "worker-generate ended (killed by SIGKILL)" in up.said()
    (database,) = (child for child in up.named("postgres -D") if child.parent() == psutil.Process(up.process.pid))
    database.kill()
    wait_for(lambda: "PostgreSQL had died and runs again" in up.said(), up, seconds=60)


def test_ctrl_c_stops_every_process(up: Up) -> None:
    family = up.family()
    os.killpg(up.process.pid, signal.SIGINT)  # as a terminal does
    assert up.process.wait(60) == 0
    assert "Stopped. What was entered is kept." in up.said()
    assert not [process for process in family if _words(process)]


def test_killed_itself_it_leaves_no_orphan(up: Up) -> None:
    family = up.family()
    up.process.kill()
    up.process.wait()
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it ended meanwhile
        return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
