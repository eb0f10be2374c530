"""Snapshots in an S3-compatible store: uploaded whole, read through links that the store signed, taken away again."""

import hashlib
from collections.abc import Iterator

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from annotation.intake.taking import take_comparisons
from annotation.models import Person, Project
from exports import shelf
from exports.models import Snapshot
from exports.reading import Damaged, open_file, verify
from tests.conftest import Api
from workers import jobs

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:moto", "ignore::DeprecationWarning:botocore"),
]
BUCKET, NAME = "datasets", "trl-preference/train.jsonl"
KEYS = {"access_key": "someone", "secret_key": "for tests only"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def store(endpoint: str, settings: Settings) -> Iterator[object]:
    """A bucket, and settings that name it."""
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1",
        aws_access_key_id=KEYS["access_key"], aws_secret_access_key=KEYS["secret_key"],
    )  # fmt: skip
    client.create_bucket(Bucket=BUCKET)
    options = {
        **KEYS, "bucket_name": BUCKET, "location": "snapshots", "endpoint_url": endpoint, "region_name": "us-east-1",
        "addressing_style": "path", "signature_version": "s3v4", "default_acl": None, "querystring_expire": 900,
        "file_overwrite": True,
    }  # fmt: skip
    backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "snapshots": backend}
    yield client
    for found in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=found["Key"])


@pytest.fixture
def frozen(store: object, api: Api, project: Project, owner: Person) -> tuple[APIClient, Snapshot]:
    rows = [{"prompt": f"Q{n}", "responses": ["a", "b", "c"], "ranks": [0, 1, 2]} for n in range(20)]
    take_comparisons(project=project, rows=enumerate(rows, 1), by=owner)
    client = api(owner)
    started = client.post(f"/api/v1/projects/{project.slug}/snapshots/", {})
    jobs.run(started["Location"].rstrip("/").rpartition("/")[2])
    return client, Snapshot.objects.get()


def test_it_works(frozen: tuple[APIClient, Snapshot]) -> None:
    client, snapshot = frozen
    assert snapshot.is_remote
    assert not snapshot.folder.exists()
    answer = client.get(f"/api/v1/snapshots/{snapshot.pk}/{NAME}")
    assert answer.status_code == 302
    assert "Signature" in answer["Location"]
    got = httpx.get(answer["Location"])
    facts = snapshot.file(NAME)
    assert facts is not None
    assert hashlib.sha256(got.content).hexdigest() == facts["sha256"]
    part = httpx.get(answer["Location"], headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, got.content[5:10])


def test_packed_files_and_checks_fetch_it_here(frozen: tuple[APIClient, Snapshot]) -> None:
    client, snapshot = frozen
    assert client.get(f"/api/v1/snapshots/{snapshot.pk}/{NAME}.gz").status_code == 200
    verify(snapshot)
    assert open_file(snapshot, "trl-preference", "train").exists()


def test_a_file_that_was_changed_in_the_store_is_not_handed_on(
    frozen: tuple[APIClient, Snapshot], store: object
) -> None:
    _, snapshot = frozen
    store.put_object(Bucket=BUCKET, Key=f"snapshots/{snapshot.job_id}/{NAME}", Body=b"{}")  # type: ignore[attr-defined]
    with pytest.raises(Damaged):
        open_file(snapshot, "trl-preference", "train")


def test_removing_leaves_nothing(frozen: tuple[APIClient, Snapshot], store: object) -> None:
    _, snapshot = frozen
    shelf.remove(snapshot)
    assert "Contents" not in store.list_objects_v2(Bucket=BUCKET)  # type: ignore[attr-defined]


def test_a_link_is_for_a_reader_only(frozen: tuple[APIClient, Snapshot], api: Api, outsider: Person) -> None:
    assert api(outsider).get(f"/api/v1/snapshots/{frozen[1].pk}/{NAME}").status_code == 404
