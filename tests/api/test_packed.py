"""Compressed for those who take it, and links that need no token."""

import gzip
import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
import zstandard
from django.utils import timezone
from rest_framework.test import APIClient

from annotation import projects
from annotation.models import AuditEvent, Person, Project
from exports.packing import FOLDER
from tests.api.test_snapshots import FILE, frozen
from webapp.api import links

__all__ = ["frozen"]
pytestmark = pytest.mark.django_db(transaction=True)
Frozen = tuple[APIClient, dict]
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "zstd": lambda packed: zstandard.ZstdDecompressor().decompressobj().decompress(packed),
}


def sha256(snapshot: dict) -> str:
    return str(snapshot["manifest"]["files"]["trl-preference/train.jsonl"]["sha256"])


@pytest.mark.parametrize("coding", UNPACK)
def test_it_works(frozen: Frozen, coding: str) -> None:
    client, snapshot = frozen
    answer = client.get(FILE.format(snapshot["id"]), headers={"accept-encoding": f"br, {coding};q=0.8"})
    body = b"".join(answer)
    assert answer["Content-Encoding"] == coding
    assert answer["ETag"] == f'"{sha256(snapshot)}-{coding}"'
    assert int(answer["Content-Length"]) == len(body)
    assert hashlib.sha256(UNPACK[coding](body)).hexdigest() == sha256(snapshot)


@pytest.mark.parametrize("said", ["", "identity", "gzip;q=0", "br", "gzip;q=x"])
def test_who_does_not_take_it_gets_the_file(frozen: Frozen, said: str) -> None:
    client, snapshot = frozen
    answer = client.get(FILE.format(snapshot["id"]), headers={"accept-encoding": said})
    assert "Content-Encoding" not in answer
    assert "Accept-Encoding" in answer["Vary"]
    assert hashlib.sha256(b"".join(answer)).hexdigest() == sha256(snapshot)


def test_a_range_is_one_of_the_file(frozen: Frozen) -> None:
    client, snapshot = frozen
    answer = client.get(FILE.format(snapshot["id"]), headers={"accept-encoding": "gzip", "range": "bytes=0-9"})
    assert answer.status_code == 206
    assert "Content-Encoding" not in answer


@pytest.mark.parametrize(("ending", "coding"), [("gz", "gzip"), ("zst", "zstd")])
def test_a_packed_file_by_its_name(frozen: Frozen, ending: str, coding: str) -> None:
    client, snapshot = frozen
    url = f"{FILE.format(snapshot['id'])}.{ending}"
    whole = b"".join(client.get(url))
    assert hashlib.sha256(UNPACK[coding](whole)).hexdigest() == sha256(snapshot)
    rest = client.get(url, headers={"range": "bytes=10-"})
    assert (rest.status_code, b"".join(rest)) == (206, whole[10:])
    assert client.get(FILE.format(snapshot["id"]).replace(".jsonl", f".csv.{ending}")).status_code == 404


def test_copies_are_hidden_from_who_loads_the_folder(frozen: Frozen) -> None:
    assert FOLDER.startswith(".")


def link(client: APIClient, snapshot: dict, **asked: object) -> str:
    body = {"file": "trl-preference/train.jsonl", **asked}
    made = client.post(f"/api/v1/snapshots/{snapshot['id']}/links/", body)
    assert made.status_code == 201, made.json()
    return str(made.json()["url"])


def test_a_link_needs_no_token(frozen: Frozen) -> None:
    client, snapshot = frozen
    url = link(client, snapshot)
    assert url.endswith("/train.jsonl")
    answer = APIClient().get(url)
    assert hashlib.sha256(b"".join(answer)).hexdigest() == sha256(snapshot)
    assert AuditEvent.objects.get(action="snapshot.download").details["by_link"] is True


def test_a_link_is_for_one_file_and_some_time(frozen: Frozen, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    client, snapshot = frozen
    url = link(client, snapshot, hours=1)
    assert APIClient().get(url.replace("train.jsonl", "test.jsonl")).status_code == 404
    assert APIClient().get(url.replace("/links/", "/links/x")).status_code == 404
    later = timezone.now() + timedelta(hours=1, seconds=5)
    monkeypatch.setattr(links.timezone, "now", lambda: later)
    assert APIClient().get(url).status_code == 404


def test_a_link_ends_with_its_makers_access(
    frozen: Frozen, owner: Person, viewer: Person, project: Project, api: Callable[[Person], APIClient]
) -> None:
    url = link(api(viewer), frozen[1])
    assert APIClient().get(url).status_code == 200
    projects.remove_member(project=project, person=viewer, by=owner)
    assert APIClient().get(url).status_code == 404


@pytest.mark.parametrize("body", [{}, {"file": "no/such.jsonl"}, {"file": "trl-preference/train.jsonl", "hours": 0}])
def test_nonsense_is_refused(frozen: Frozen, body: dict) -> None:
    client, snapshot = frozen
    assert client.post(f"/api/v1/snapshots/{snapshot['id']}/links/", body).status_code == 400


def test_outsiders_make_no_links(frozen: Frozen, outsider: Person, annotator: Person, api: Callable) -> None:
    for person, refusal in ((outsider, 404), (annotator, 403)):
        made = api(person).post(f"/api/v1/snapshots/{frozen[1]['id']}/links/", {"file": "trl-preference/train.jsonl"})
        assert made.status_code == refusal
