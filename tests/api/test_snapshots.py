"""Frozen files over HTTP: the same bytes for ever, whole or in ranges."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from knox.models import AuthToken
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from annotation.intake.taking import take_comparisons
from annotation.models import AuditEvent, Person, Project
from tests.conftest import Api
from workers import jobs
from workers.models import Job

pytestmark = pytest.mark.django_db(transaction=True)
EXAMPLE = Path(django_settings.BASE_DIR) / "docs" / "examples" / "fetch_folder.py"
FILE = "/api/v1/snapshots/{}/trl-preference/train.jsonl"


@pytest.fixture
def frozen(api: Api, project: Project, owner: Person) -> tuple[APIClient, dict]:
    """A client of the owner's, and the snapshot's description."""
    rows = [{"prompt": f"Q{n}", "responses": ["a", "b", "c"], "ranks": [0, 1, 2]} for n in range(20)]
    take_comparisons(project=project, rows=enumerate(rows, 1), by=owner)
    client = api(owner)
    started = client.post(f"/api/v1/projects/{project.slug}/snapshots/", {})
    assert started.status_code == 202
    jobs.run(started["Location"].rstrip("/").rpartition("/")[2])
    job = client.get(started["Location"]).json()
    assert job["state"] == Job.State.SUCCEEDED, job
    return client, client.get(f"/api/v1/snapshots/{job['result']['snapshot']}/").json()


def test_it_works(frozen: tuple[APIClient, dict]) -> None:
    client, snapshot = frozen
    answer = client.get(FILE.format(snapshot["id"]))
    body = b"".join(answer)
    facts = snapshot["manifest"]["files"]["trl-preference/train.jsonl"]
    assert hashlib.sha256(body).hexdigest() == facts["sha256"] == answer["ETag"].strip('"')
    assert (int(answer["Content-Length"]), len(body.splitlines())) == (facts["bytes"], facts["rows"])
    assert "Content-Encoding" not in answer
    assert set(json.loads(body.splitlines()[0])) >= {"prompt", "chosen", "rejected"}
    assert AuditEvent.objects.filter(action="snapshot.download").count() == 1


@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=0-99999999", 200, slice(None)),
        ("bytes=99999999-", 416, None),
        ("lines=1-2", 200, slice(None)),
        ("bytes=5-2", 200, slice(None)),
    ],
)
def test_a_download_goes_on_where_it_broke(
    frozen: tuple[APIClient, dict], asked: str, status: int, span: slice | None
) -> None:
    client, snapshot = frozen
    whole = b"".join(client.get(FILE.format(snapshot["id"])))
    answer = client.get(FILE.format(snapshot["id"]), headers={"range": asked})
    assert answer.status_code == status
    if span is not None:
        assert b"".join(answer) == whole[span]


def test_who_has_it_gets_no_bytes_again(frozen: tuple[APIClient, dict]) -> None:
    client, snapshot = frozen
    tag = client.get(FILE.format(snapshot["id"]))["ETag"]
    for known in (tag, f'"another", W/{tag}', "*"):
        assert client.get(FILE.format(snapshot["id"]), headers={"if-none-match": known}).status_code == 304
    assert client.get(FILE.format(snapshot["id"]), headers={"if-none-match": '"another"'}).status_code == 200


def test_who_goes_on_with_another_file_is_told(frozen: tuple[APIClient, dict]) -> None:
    client, snapshot = frozen
    tag = client.get(FILE.format(snapshot["id"]))["ETag"]
    for known, status in ((tag, 206), ("*", 206), ('"another"', 412), (f"W/{tag}", 412)):
        headers = {"if-match": known, "range": "bytes=0-1"}
        assert client.get(FILE.format(snapshot["id"]), headers=headers).status_code == status


def test_what_is_not_there_is_404(frozen: tuple[APIClient, dict], api: Api, outsider: Person) -> None:
    client, snapshot = frozen
    for name in ("trl-preference/everything.jsonl", "nothing/train.jsonl", "trl-preference/train.parquet"):
        answer = client.get(f"/api/v1/snapshots/{snapshot['id']}/{name}")
        assert answer.status_code == 404
        assert f"holds no {name}; it holds" in answer.json()["detail"]
        assert "trl-preference/train.jsonl" in answer.json()["detail"]
    assert api(outsider).get(FILE.format(snapshot["id"])).status_code == 404


def test_a_damaged_file_is_never_served(frozen: tuple[APIClient, dict], settings: object) -> None:
    from exports.models import Snapshot

    client, snapshot = frozen
    path = Snapshot.objects.get(pk=snapshot["id"]).folder / "trl-preference" / "train.jsonl"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-20])
    assert client.get(FILE.format(snapshot["id"])).status_code == 410


def test_a_query_that_makes_no_sense_is_refused(api: Api, project: Project, owner: Person) -> None:
    answer = api(owner).post(f"/api/v1/projects/{project.slug}/snapshots/", {"fractions": [1, 1, 1]})
    assert answer.status_code == 422
    assert "add up to 1" in answer.json()["detail"]


def test_the_card(frozen: tuple[APIClient, dict], api: Api, outsider: Person) -> None:
    from exports.models import Snapshot

    client, snapshot = frozen
    address = f"/api/v1/snapshots/{snapshot['id']}/README.md"
    answer = client.get(address)
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.content.startswith(b"---\n")
    assert b"trl-preference/train.jsonl" in answer.content
    assert api(outsider).get(address).status_code == 404
    (Snapshot.objects.get(pk=snapshot["id"]).folder / "README.md").unlink()
    assert client.get(address).status_code == 410


def test_the_whole_folder_is_fetched(
    frozen: tuple[APIClient, dict], live_server: LiveServer, owner: Person, tmp_path: Path
) -> None:
    """What broke off goes on, and what is not as it was frozen is fetched again."""
    from datasets import load_dataset

    _, snapshot = frozen
    name, facts = "trl-preference/train.jsonl", snapshot["manifest"]["files"]["trl-preference/train.jsonl"]
    (tmp_path / "trl-preference").mkdir()
    whole = b"".join(frozen[0].get(FILE.format(snapshot["id"])))
    (tmp_path / f"{name}.part").write_bytes(whole[:100])
    fetch = [
        sys.executable,
        EXAMPLE,
        live_server.url,
        AuthToken.objects.create(owner)[1],
        str(snapshot["id"]),
        tmp_path,
    ]
    subprocess.run(fetch, check=True, capture_output=True)
    assert (tmp_path / name).read_bytes() == whole
    (tmp_path / name).write_bytes(whole[:-1])
    subprocess.run(fetch, check=True, capture_output=True)
    assert load_dataset(str(tmp_path), split="train", cache_dir=str(tmp_path / "cache")).num_rows == facts["rows"]
