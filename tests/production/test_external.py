"""The processes of docker-compose.yml, by its own command lines, against servers that are not ours."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.production.compose import OURS, ROOT
from tests.production.conftest import free_port, stop, wait_until

SERVICES = ("web", "worker-cpu", "worker-gpu", "beat")

pytestmark = pytest.mark.slow


class Installation:
    def __init__(self, folder: Path, database: str, broker: str):
        self.folder, self.port = folder, free_port()
        secret, url = folder / "secret_key", folder / "database_url"
        secret.write_text("for this test only, and long enough for what it signs\n")
        url.write_text(database + "\n")
        tools = Path(sys.executable).parent
        self.environment = {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "SECRET_KEY_FILE": str(secret), "DATABASE_URL_FILE": str(url), "REDIS_URL": broker,
            "PREFLOOP_DATA_DIR": str(folder / "data"), "ALLOWED_HOSTS": "127.0.0.1",
        }  # fmt: skip

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def service(self, name: str) -> subprocess.Popen[bytes]:
        address = {"0.0.0.0:8000": f"127.0.0.1:{self.port}", "/tmp/beat-schedule": str(self.folder / "beat")}
        command = [address.get(word, word) for word in OURS[name]["command"]]
        log = (self.folder / f"{name}.log").open("wb")
        with log:
            return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Token {token}"} if token else {})
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            return answer.status, json.loads(text) if path.startswith("/api/") else text
        except OSError:
            return 0, None
        finally:
            connection.close()

    def done(self, kind: str, wishes: dict[str, Any], token: str) -> dict[str, Any]:
        """The result of a job of that kind, done by a worker."""
        status, job = self.call("POST", f"/api/v1/projects/letters/{kind}/", wishes, token)
        assert status == 202, job

        def state() -> str:
            return str(self.call("GET", f"/api/v1/jobs/{job['id']}/", token=token)[1]["state"])

        wait_until(lambda: state() not in ("queued", "running"), self.logs, 180)
        job = self.call("GET", f"/api/v1/jobs/{job['id']}/", token=token)[1]
        assert job["state"] == "succeeded", job
        return dict(job["result"])

    def logs(self) -> str:
        return "\n".join(path.read_text("utf-8", "replace")[-3000:] for path in self.folder.glob("*.log"))


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, debian_postgres: str, debian_redis: str
) -> Iterator[Installation]:
    ours = Installation(tmp_path_factory.mktemp("installation"), debian_postgres, debian_redis)
    with ExitStack() as stack:
        ours.manage(*OURS["migrate"]["command"][2:])
        for name in SERVICES:
            stack.callback(stop, ours.service(name))
        wait_until(lambda: ours.call("GET", "/healthz")[0] == 200, ours.logs, 120)
        yield ours


@pytest.fixture(scope="module")
def token(installation: Installation) -> str:
    """Of somebody made from the shell, with a project that holds one ranking."""
    token = installation.manage("create_token", "eve").splitlines()[-1]
    project = {"name": "Letters", "slug": "letters", "preset": "instructgpt", "languages": ["en"], "k": 2}
    ranking = {"prompt": "Say hello.", "responses": ["Hello!", "No."], "ranks": [1, 2], "annotator": "a"}
    for path, body in (("", project), ("letters/comparisons/", [ranking])):
        status, answer = installation.call("POST", f"/api/v1/projects/{path}", body, token)
        assert status == 201, answer
    return token


def test_it_works(installation: Installation, token: str) -> None:
    """A snapshot asked for through the API is frozen by the worker for the CPU."""
    assert installation.done("snapshots", {}, token)["snapshot"]


def test_static_files_are_served(installation: Installation) -> None:
    manifest = json.loads((installation.folder / "data" / "static" / "staticfiles.json").read_text())
    hashed = next(name for name in manifest["paths"].values() if name.endswith(".css"))
    assert installation.call("GET", f"/static/{hashed}")[0] == 200
