"""Large files on slow lines: any number of readers, and the site goes on answering everybody else."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.production.conftest import free_port, stop, wait_until

THREADS, READERS = 2, 12
SIZE = 24 * 2**20
SERVER = """
import os
from pathlib import Path
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
from webapp.api.ranges import ranged
from webapp.handover import Handover

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="for tests only")
FILE = Path(os.environ["FILE"])
urlpatterns = [
    path("file", lambda request: ranged(request, FILE, etag="x", content_type="application/x-ndjson")),
    path("page", lambda request: HttpResponse("here")),
]
application = Handover(get_wsgi_application())
"""


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("file") / "train.jsonl"
    path.write_bytes(os.urandom(2**20) * (SIZE // 2**20))
    return path


@pytest.fixture(scope="module")
def server(content: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(content, tmp_path_factory.mktemp("server"), free_port()) as (url, _):
        yield url


@contextmanager
def serving(content: Path, folder: Path, port: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """gunicorn as `up` runs it, with two threads, around the views that send files; and what kills all of it."""
    folder.mkdir(exist_ok=True)
    (folder / "small_site.py").write_text(SERVER)
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "small_site:application", "--bind", f"127.0.0.1:{port}", "--preload",
         "--workers", "1", "--threads", str(THREADS), "--keep-alive", "30", "--no-control-socket",
         "--chdir", str(folder)],
        env={**os.environ, "FILE": str(content), "PYTHONPATH": os.getcwd()}, stdout=log, stderr=log,
        start_new_session=True,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(f"{url}/page").status_code == 200
        except httpx.TransportError:
            return False

    wait_until(answers, lambda: (folder / "log").read_text())
    yield url, lambda: os.killpg(process.pid, signal.SIGKILL)
    stop(process)
    log.close()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_slow_readers_hold_up_nobody(server: str, content: Path) -> None:
    """More readers than threads, none of whom reads on: a page still comes, and then everybody gets the whole file."""
    port = int(server.rpartition(":")[2])
    readers = [slow_reader(port) for _ in range(READERS)]
    begun = [reader.recv(65536) for reader in readers]
    assert all(head.startswith(b"HTTP/1.1 200") for head in begun)
    assert httpx.get(f"{server}/page", timeout=30).text == "here"
    wanted = sha256(content.read_bytes())
    for reader, head in zip(readers, begun, strict=True):
        assert sha256(head.partition(b"\r\n\r\n")[2] + rest_of(reader)) == wanted


def slow_reader(port: int) -> socket.socket:
    reader = socket.create_connection(("127.0.0.1", port), timeout=60)
    reader.sendall(b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n")
    return reader


def rest_of(reader: socket.socket) -> bytes:
    parts = []
    while part := reader.recv(2**20):
        parts.append(part)
    reader.close()
    return b"".join(parts)


def test_a_reader_that_leaves_is_forgotten(server: str) -> None:
    for _ in range(3):
        reader = slow_reader(int(server.rpartition(":")[2]))
        reader.recv(1000)
        reader.close()
    assert httpx.get(f"{server}/page", timeout=30).text == "here"


def test_ranges_and_headers_are_as_ever(server: str, content: Path) -> None:
    with httpx.Client(base_url=server, timeout=60) as client:
        part = client.get("/file", headers={"Range": f"bytes=1000-{SIZE - 2}"})
        assert part.status_code == 206
        assert part.content == content.read_bytes()[1000 : SIZE - 1]
        small = client.get("/file", headers={"Range": "bytes=0-9"})
        assert small.content == content.read_bytes()[:10]
        head = client.head("/file")
        assert (head.headers["content-length"], head.content) == (str(SIZE), b"")
        assert client.get("/file").headers["connection"] == "close"
        assert client.get("/page").text == "here"
