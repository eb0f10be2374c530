"""Two snapshots are compared by a job, and its outcome is read by whoever may read both."""

import gzip
import json

import pytest
from rest_framework.test import APIClient

from annotation.intake.taking import take_comparisons
from annotation.models import AuditEvent, Person, Project
from exports.models import Comparison
from tests.conftest import Api
from webapp.accounts.tokens import make_token
from webapp.models import Right
from workers import jobs

pytestmark = pytest.mark.django_db(transaction=True)
COMPARE = "/api/v1/snapshots/{}/compare/{}/"


def freeze(client: APIClient, project: Project, **query: object) -> int:
    started = client.post(f"/api/v1/projects/{project.slug}/snapshots/", query, format="json")
    return int(done(client, started)["snapshot"])


def done(client: APIClient, started: object) -> dict:
    where = started["Location"]  # type: ignore[index]
    jobs.run(where.rstrip("/").rpartition("/")[2])
    job = client.get(where).json()
    assert job["state"] == "succeeded", job
    return dict(job["result"])


@pytest.fixture
def two(api: Api, project: Project, owner: Person) -> tuple[APIClient, int, int]:
    """A client of the owner's, a snapshot of ten rankings, and one of twelve."""
    client, found = api(owner), []
    for prompts in (range(10), range(10, 12)):
        rows = [{"prompt": f"Q{n}", "responses": ["a", "b"], "ranks": [0, 1]} for n in prompts]
        take_comparisons(project=project, rows=enumerate(rows, 1), by=owner)
        found.append(freeze(client, project, fractions=[1, 0, 0]))
    return client, found[0], found[1]


def test_it_works(two: tuple[APIClient, int, int]) -> None:
    client, before, after = two
    where = COMPARE.format(before, after)
    assert client.get(where).status_code == 404
    started = client.post(where)
    assert started.status_code == 202
    result = done(client, started)
    assert (result["added"], result["removed"], result["changed"], result["alike"]) == (2, 0, 0, 10)
    told = client.get(where).json()
    assert client.post(where).json() == told
    assert told["formats"]["kwise"]["train"] == {"added": 2, "removed": 0, "changed": 0, "alike": 10}
    assert (told["query"], told["versions"]) == ([], [])
    diff = told["diffs"]["trl-preference"]
    answer = client.get(diff["url"])
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]  # type: ignore[attr-defined]
    assert answer["ETag"] == f'"{diff["sha256"]}"'
    assert [(line["change"], line["split"], line["before"]) for line in lines] == [("added", "train", None)] * 2
    assert AuditEvent.objects.filter(action="snapshot.diff").count() == 1


def test_a_diff_comes_in_ranges_and_packed(two: tuple[APIClient, int, int]) -> None:
    client, before, after = two
    done(client, client.post(COMPARE.format(before, after)))
    file = COMPARE.format(before, after) + "kwise.jsonl"
    whole = b"".join(client.get(file))
    assert b"".join(client.get(file, headers={"Range": "bytes=5-9"})) == whole[5:10]
    packed = client.get(file, headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(b"".join(packed)) == whole
    assert client.get(COMPARE.format(before, after) + "sft.jsonl").status_code == 404


def test_what_differs_in_the_query_is_told(two: tuple[APIClient, int, int], project: Project) -> None:
    client, before, _ = two
    other = freeze(client, project, seed=4)
    done(client, client.post(COMPARE.format(before, other)))
    told = client.get(COMPARE.format(before, other)).json()
    assert {"what": "seed", "before": 0, "after": 4} in told["query"]


def test_nobody_else_reads_it(api: Api, two: tuple[APIClient, int, int], outsider: Person, annotator: Person) -> None:
    client, before, after = two
    done(client, client.post(COMPARE.format(before, after)))
    for person, refusal in ((outsider, 404), (annotator, 403)):
        other = api(person)
        assert other.get(COMPARE.format(before, after)).status_code == refusal
        assert other.post(COMPARE.format(before, after)).status_code == refusal
        assert other.get(COMPARE.format(before, after) + "kwise.jsonl").status_code == refusal
    assert client.post(COMPARE.format(before, 999_999)).status_code == 404


def test_a_token_needs_the_right_to_run_jobs(two: tuple[APIClient, int, int], owner: Person) -> None:
    _, before, after = two
    reads, runs = APIClient(), APIClient()
    for client, rights in ((reads, [Right.READ]), (runs, [Right.READ, Right.RUN])):
        token = make_token(person=owner, lifetime=None, name="t", project=None, rights=rights)[1]
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    assert reads.post(COMPARE.format(before, after)).status_code == 403
    done(runs, runs.post(COMPARE.format(before, after)))
    assert reads.get(COMPARE.format(before, after)).status_code == 200


def test_what_makes_no_sense_is_refused_with_a_sentence(two: tuple[APIClient, int, int], project: Project) -> None:
    client, before, _ = two
    same = client.post(COMPARE.format(before, before))
    assert (same.status_code, "the same as itself" in same.json()["detail"]) == (422, True)
    other = freeze(client, project, formats=["kto"])
    assert "no format in common" in client.post(COMPARE.format(before, other)).json()["detail"]
    assert not Comparison.objects.exists()
