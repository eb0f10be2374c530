"""An annotator's script: next, judge, skip."""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from annotation.models import Judgement, Person, Project
from annotation.presets import PRESETS

Api = Callable[[Person], APIClient]
Fill = Callable[[int], None]


def judge(client: APIClient, given: dict, **more: object) -> object:
    ranking = [[sample["id"]] for sample in given["task"]["samples"]]
    return client.put(f"/api/v1/assignments/{given['assignment']}/judgement/", {"ranking": ranking, **more})


def test_it_works(api: Api, annotator: Person, project: Project, fill: Fill) -> None:
    fill(2)
    client = api(annotator)
    for _ in range(2):
        given = client.post(f"/api/v1/projects/{project.slug}/next/").json()
        assert set(given) == {"assignment", "lease_expires", "task"}
        assert set(given["task"]) == {"id", "kind", "prompt", "samples", "questions"}
        assert all(set(sample) == {"id", "text"} for sample in given["task"]["samples"])
        assert judge(client, given, seconds=3.5).status_code == 200
    assert client.post(f"/api/v1/projects/{project.slug}/next/").status_code == 204
    assert Judgement.objects.filter(person=annotator, seconds=3.5).count() == 2


def test_sending_twice_counts_once_and_a_change_is_a_revision(
    api: Api, annotator: Person, project: Project, fill: Fill
) -> None:
    fill(1)
    client = api(annotator)
    given = client.post(f"/api/v1/projects/{project.slug}/next/").json()
    first, again = judge(client, given).json(), judge(client, given).json()
    assert first == again
    assert judge(client, given, comment="On second thought").json()["revision"] == 2


def test_the_last_judgement_can_be_undone(api: Api, annotator: Person, project: Project, fill: Fill) -> None:
    fill(1)
    client = api(annotator)
    given = client.post(f"/api/v1/projects/{project.slug}/next/").json()
    judge(client, given)
    where = f"/api/v1/assignments/{given['assignment']}/judgement/"
    back = client.delete(where).json()
    assert (back["assignment"], back["task"]) == (given["assignment"], given["task"])
    assert not Judgement.objects.current().exists()
    assert client.delete(where).status_code == 409
    assert judge(client, given).json()["revision"] == 2


def test_nonsense_is_refused(api: Api, annotator: Person, project: Project, fill: Fill) -> None:
    fill(1)
    client = api(annotator)
    given = client.post(f"/api/v1/projects/{project.slug}/next/").json()
    where = f"/api/v1/assignments/{given['assignment']}/judgement/"
    for ranking in ([], [[1, 1]], [["x"]], "abc", [[given["task"]["samples"][0]["id"]]], [[10**30]]):
        assert client.put(where, {"ranking": ranking}).status_code == 400, ranking


def test_a_skipped_task_is_gone(api: Api, annotator: Person, project: Project, fill: Fill) -> None:
    fill(1)
    client = api(annotator)
    given = client.post(f"/api/v1/projects/{project.slug}/next/").json()
    assert client.post(f"/api/v1/assignments/{given['assignment']}/skip/", {"reason": "broken"}).status_code == 204
    assert client.post(f"/api/v1/projects/{project.slug}/next/").status_code == 204
    assert judge(client, given).status_code == 409


def test_anothers_assignment_does_not_exist(
    api: Api, annotator: Person, second_annotator: Person, project: Project, fill: Fill
) -> None:
    fill(1)
    given = api(annotator).post(f"/api/v1/projects/{project.slug}/next/").json()
    assert judge(api(second_annotator), given).status_code == 404


def test_nobody_sees_models_or_others_judgements(api: Api, annotator: Person, viewer: Person, project: Project) -> None:
    for path in ("comparisons/", "reward-models/", "snapshots/"):
        assert api(annotator).get(f"/api/v1/projects/{project.slug}/{path}").status_code == 403
    assert api(viewer).post(f"/api/v1/projects/{project.slug}/next/").status_code == 403


def test_a_task_costs_the_same_number_of_queries_whatever_there_is(
    api: Api, annotator: Person, project: Project, fill: Fill
) -> None:
    fill(1)
    client = api(annotator)
    counts = []
    for more in (2, 8):
        fill(more)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            judge(client, client.post(f"/api/v1/projects/{project.slug}/next/").json())
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 30


def test_what_a_project_asks_is_checked_here_as_on_the_page(
    api: Api, annotator: Person, project: Project, fill: Fill
) -> None:
    project.questions = PRESETS["instructgpt"].questions
    project.save()
    fill(1)
    client = api(annotator)
    given = client.post(f"/api/v1/projects/{project.slug}/next/").json()
    best = str(given["task"]["samples"][0]["id"])
    refused = judge(client, given, ratings={best: {"overall_quality": 12}})
    assert refused.status_code == 400
    assert refused.json()["errors"] == {"ratings": ["overall_quality goes from 1 to 7: 12 is outside."]}
    assert judge(client, given, ratings={best: {"overall_quality": 7}}).status_code == 200
    where = f"/api/v1/assignments/{given['assignment']}/judgement/"
    for odd in (r'{"\ud800": "x"}', r'{"harm": "x\u0000"}', r'{"harm": "\ud800"}'):
        sent = f'{{"all_bad": true, "categories": {{"{best}": {odd}}}}}'
        assert client.put(where, sent, content_type="application/json").status_code == 400, odd
    assert judge(client, given, categories={best: {"harm": "severe"}}).json()["revision"] == 2
