"""A snapshot's folder goes to a hub's dataset repository, and nothing else does."""

import json
import re
import threading
from base64 import b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from annotation.intake.taking import take_comparisons
from annotation.models import AuditEvent, Person, Project
from exports.models import Snapshot
from tests.conftest import Api
from workers import jobs
from workers.models import Job

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "a token for the hub"
COMMIT = "/datasets/poets/poems/commit/1"


class Hub(ThreadingHTTPServer):
    """As much of a hub as a client needs to commit small files to a dataset repository."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.asked: dict[str, object] = {}
        self.token = TOKEN

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(200, [] if "/tree/" in self.path else {"id": "poets/poems", "sha": "0" * 40, "siblings": []})

    def do_POST(self) -> None:
        body = self._body()
        if self.headers.get("Authorization") != f"Bearer {self.server.token}":
            return self._answer(401, {"error": "Invalid token"})
        if self.path.endswith("/repos/create"):
            self.server.asked = json.loads(body)
            return self._answer(200, {"url": self.server.url + "/datasets/poets/poems", "name": "poets/poems"})
        if "/preupload/" in self.path:
            wanted = [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False, "oid": None}
                      for file in json.loads(body)["files"]]  # fmt: skip
            return self._answer(200, {"files": wanted})
        if "/commit/" in self.path:
            return self._commit(body)
        return self._answer(200, {"errors": [], "warnings": []})

    def _body(self) -> bytes:
        if length := self.headers.get("Content-Length"):
            return self.rfile.read(int(length))
        parts = []
        while size := int(self.rfile.readline(), 16):  # chunked
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _commit(self, body: bytes) -> None:
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                self.server.files[line["value"]["path"]] = b64decode(line["value"]["content"])
        self._answer(200, {"commitUrl": self.server.url + COMMIT, "commitOid": "1" * 40})

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def hub(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub() as server:
        # What HF_ENDPOINT does, which the client reads once, when it is imported.
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
        settings.HF_TOKEN = TOKEN
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def frozen(api: Api, project: Project, owner: Person) -> tuple[APIClient, Snapshot]:
    rows = [{"prompt": f"Q{n}", "responses": ["a", "b", "c"], "ranks": [0, 1, 2]} for n in range(20)]
    take_comparisons(project=project, rows=enumerate(rows, 1), by=owner)
    client = api(owner)
    finish(client.post(f"/api/v1/projects/{project.slug}/snapshots/", {})["Location"])
    return client, Snapshot.objects.get()


def finish(location: str) -> Job:
    found = re.search(r"[0-9a-f-]{36}", location)
    assert found
    jobs.run(found[0])
    return Job.objects.get(pk=found[0])


def push(client: APIClient, snapshot: Snapshot, **body: object) -> Job:
    started = client.post(f"/api/v1/snapshots/{snapshot.pk}/push/", {"repository": "poets/poems", **body})
    assert started.status_code == 202, started.json()
    return finish(started["Location"])


def test_it_works(hub: Hub, frozen: tuple[APIClient, Snapshot]) -> None:
    client, snapshot = frozen
    client.get(f"/api/v1/snapshots/{snapshot.pk}/trl-preference/train.jsonl.gz")  # a packed copy beside it
    job = push(client, snapshot)
    assert job.state == Job.State.SUCCEEDED, job.error
    assert job.result["commit"] == hub.url + COMMIT
    assert set(hub.files) >= {"README.md", "manifest.json", "trl-preference/train.jsonl"}
    assert not [name for name in hub.files if "packed" in name]
    assert hub.files["trl-preference/train.jsonl"] == (snapshot.folder / "trl-preference/train.jsonl").read_bytes()
    assert hub.asked.get("visibility") == "private" or hub.asked.get("private")
    assert AuditEvent.objects.filter(action="snapshot.push").count() == 1


def test_a_hub_that_refuses_is_quoted_without_the_token(hub: Hub, frozen: tuple[APIClient, Snapshot]) -> None:
    hub.token = "another"
    job = push(*frozen)
    assert job.state == Job.State.FAILED
    assert "hub did not take it" in job.error
    assert TOKEN not in job.error + job.log


@pytest.mark.parametrize("repository", ["poems", "../poems", "a/b/c", "a/..", "-a/b", "", "a b/c"])
def test_a_name_that_is_none(hub: Hub, frozen: tuple[APIClient, Snapshot], repository: str) -> None:
    client, snapshot = frozen
    refused = client.post(f"/api/v1/snapshots/{snapshot.pk}/push/", {"repository": repository})
    assert refused.status_code in (400, 422)


def test_without_a_token_for_a_hub(frozen: tuple[APIClient, Snapshot], settings: Settings) -> None:
    settings.HF_TOKEN = ""
    client, snapshot = frozen
    refused = client.post(f"/api/v1/snapshots/{snapshot.pk}/push/", {"repository": "poets/poems"})
    assert refused.status_code == 422
    assert "HF_TOKEN" in refused.json()["detail"]


def test_only_managers_push(hub: Hub, frozen: tuple[APIClient, Snapshot], api: Api, viewer: Person) -> None:
    refused = api(viewer).post(f"/api/v1/snapshots/{frozen[1].pk}/push/", {"repository": "poets/poems"})
    assert refused.status_code == 403
