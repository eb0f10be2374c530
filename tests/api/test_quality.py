"""A manager's script asks how far the judgements can be trusted."""

from collections.abc import Callable

from rest_framework.test import APIClient

from annotation.models import Person, Project, Quality
from workers import jobs
from workers.models import Job

Api = Callable[[Person], APIClient]
Fill = Callable[[int], None]
WHERE = "/api/v1/projects/letters/quality/"


def rank(client: APIClient, *, backwards: bool = False) -> None:
    given = client.post("/api/v1/projects/letters/next/").json()
    ids = sorted((sample["id"] for sample in given["task"]["samples"]), reverse=backwards)
    sent = {"ranking": [[pk] for pk in ids], "seconds": 30}
    assert client.put(f"/api/v1/assignments/{given['assignment']}/judgement/", sent).status_code == 200


def test_it_works(
    api: Api, project: Project, owner: Person, annotator: Person, second_annotator: Person, fill: Fill
) -> None:
    project.overlap = 2
    project.save()
    fill(2)
    anna, ben = api(annotator), api(second_annotator)
    for client, backwards in ((anna, False), (anna, False), (ben, False), (ben, True)):
        rank(client, backwards=backwards)
    found = api(owner).get(WHERE).json()
    assert {"agreement", "reliability", "consensus", "bias", "gold", "judgements"} <= set(found)
    assert found["judgements"] == 4
    assert found["agreement"]["overall"]["pair_agreement"]["value"] == 0.5
    assert found["consensus"] == {"unanimous": 1, "majority": 0, "split": 1}
    assert [(row["username"], row["judgements"]) for row in found["reliability"]] == [("anna", 2), ("ben", 2)]
    assert found["reliability"][0]["reliability"]["value"] == 0.5
    assert found["bias"]["first_wins"]["n"] == 4


def test_news_is_seen_at_once(api: Api, project: Project, owner: Person, annotator: Person, fill: Fill) -> None:
    fill(1)
    assert api(owner).get(WHERE).json()["judgements"] == 0
    rank(api(annotator))
    assert api(owner).get(WHERE).json()["judgements"] == 1


def test_who_may_not_read_the_data_finds_nothing(
    api: Api, project: Project, viewer: Person, annotator: Person, outsider: Person
) -> None:
    assert api(viewer).get(WHERE).status_code == 200
    for person, refusal in ((annotator, 403), (outsider, 404)):
        assert api(person).get(WHERE).status_code == refusal
    assert APIClient().get(WHERE).status_code == 401


def test_what_takes_long_is_measured_by_a_job(api: Api, project: Project, owner: Person) -> None:
    assert api(owner).get(WHERE).status_code == 200
    Quality.objects.update(seconds=60, mark="before", measured_at="2020-01-01T00:00Z")
    for _ in range(2):
        assert api(owner).get(WHERE).json()["measured_at"].startswith("2020")
    job = Job.objects.get(kind=Job.Kind.QUALITY)
    jobs.run(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.result["judgements"]) == (Job.State.SUCCEEDED, 0)
    assert not api(owner).get(WHERE).json()["measured_at"].startswith("2020")
