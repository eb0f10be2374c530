"""Projects and members over the API."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from annotation import assignment as leases
from annotation import judging, projects
from annotation.models import Membership, Person, Project, Task

Api = Callable[[Person], APIClient]


def test_it_works(api: Api, owner: Person) -> None:
    wishes = {"name": "New", "slug": "new", "preset": "custom", "k": 3, "overlap": 2}
    made = api(owner).post("/api/v1/projects/", wishes)
    assert made.status_code == 201, made.content
    assert made.json()["k"] == 3
    assert api(owner).get("/api/v1/projects/").json()["results"][0]["slug"] == "new"
    changed = api(owner).patch("/api/v1/projects/new/", {"retrain_every": 20, "guideline": "Be kind."})
    assert changed.json()["retrain_every"] == 20
    assert changed.json()["guideline"] == {"version": 1, "text": "Be kind."}


@pytest.mark.parametrize("preset", ["custom", "instructgpt", "llama2", "safe-rlhf", "chat", "helpsteer"])
def test_every_preset_makes_a_project(api: Api, owner: Person, preset: str) -> None:
    made = api(owner).post("/api/v1/projects/", {"name": preset, "slug": preset, "preset": preset})
    assert made.status_code == 201, made.content


def test_a_taken_slug_is_a_conflict(api: Api, owner: Person, project: Project) -> None:
    answer = api(owner).post("/api/v1/projects/", {"name": "x", "slug": project.slug})
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"


def test_bad_values_are_named(api: Api, owner: Person) -> None:
    answer = api(owner).post("/api/v1/projects/", {"name": "x", "k": 1, "preset": "none"})
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"k", "preset"}


def test_a_name_that_would_turn_what_stands_around_it_is_refused(api: Api, owner: Person) -> None:
    answer = api(owner).post("/api/v1/projects/", {"name": "Poems \u202egnp.exe", "slug": "poems"})
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"name"}


def test_what_is_asked_is_set_and_changed(api: Api, owner: Person) -> None:
    asked = {"scales": [{"name": "tone", "label": "Tone", "min": 1, "max": 5}], "strength": True}
    wishes = {"name": "New", "slug": "new", "preset": "instructgpt", "questions": {**asked, "flags": []}}
    made = api(owner).post("/api/v1/projects/", wishes)
    assert made.status_code == 201, made.content
    assert Project.objects.get().questions == made.json()["questions"] == asked
    changed = api(owner).patch("/api/v1/projects/new/", {"questions": {"criteria": [{"name": "helpful"}]}})
    assert changed.json()["questions"] == {"criteria": [{"name": "helpful", "label": "helpful"}]}


@pytest.mark.parametrize(
    "questions",
    [
        5,
        {"scale": []},
        {"scales": "x"},
        {"scales": [{"name": "a", "min": 5, "max": 1}]},
        {"scales": [{"name": "a", "min": 0, "max": 99}]},
        {"flags": [{"name": "a"}, {"name": "a"}]},
        {"flags": [{"name": "a b"}]},
        {"flags": [{"name": "a", "label": "\0"}]},
    ],
)
def test_questions_that_make_no_sense_are_refused(api: Api, owner: Person, project: Project, questions: object) -> None:
    answer = api(owner).patch(f"/api/v1/projects/{project.slug}/", {"questions": questions})
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"questions"}


def test_criteria_stay_once_somebody_has_judged(
    api: Api, owner: Person, annotator: Person, project: Project, fill: Callable[[int], None]
) -> None:
    fill(1)
    task = Task.objects.get()
    url, ours = f"/api/v1/projects/{project.slug}/", {"questions": {"criteria": [{"name": "helpful"}]}}
    judging.submit(
        assignment=leases.lease_next(person=annotator, project=project),
        verdict=judging.Verdict(rankings={"overall": [[pk] for pk in task.sample_ids]}),
    )
    refused = api(owner).patch(url, ours)
    assert refused.status_code == 400
    assert "There are judgements already" in refused.content.decode()
    assert api(owner).patch(url, {"questions": {"flags": [{"name": "rude"}]}}).status_code == 200


def test_a_list_costs_the_same_number_of_queries_however_long(api: Api, owner: Person, project: Project) -> None:
    projects.write_guideline(project=project, text="Second thoughts.", by=owner)
    client, counts = api(owner), []
    for more in (1, 4):
        for number in range(more):
            projects.create(by=owner, slug=f"more-{more}-{number}", name="More", guideline=f"# {number}")
        with CaptureQueriesContext(connection) as queries:
            found = client.get("/api/v1/projects/").json()["results"]
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert found[0]["guideline"] == {"version": 2, "text": "Second thoughts."}
    assert found[-1]["guideline"] == {"version": 1, "text": "# 3"}


def test_who_administers_the_server_may_create_projects(api: Api, db: None) -> None:
    """The first thing that anybody does after an installation."""
    admin = Person.objects.create_superuser("root", password="a long enough password")
    assert api(admin).post("/api/v1/projects/", {"name": "First"}).status_code == 201


def test_roles(api: Api, owner: Person, project: Project, outsider: Person) -> None:
    url = f"/api/v1/projects/{project.slug}/members/otto/"
    assert api(owner).put(url, {"role": "annotator"}).json() == {"username": "otto", "role": "annotator"}
    assert api(owner).put(url, {"role": "manager"}).status_code == 200
    assert Membership.objects.get(person=outsider).role == "manager"
    assert api(owner).put(url, {"role": "emperor"}).status_code == 400
    assert api(outsider).put(url, {"role": "owner"}).status_code == 403


def test_the_last_owner_stays(api: Api, owner: Person, project: Project) -> None:
    assert api(owner).put(f"/api/v1/projects/{project.slug}/members/olga/", {"role": "viewer"}).status_code == 409


def test_an_outsider_sees_nothing(api: Api, project: Project, outsider: Person) -> None:
    client = api(outsider)
    for path in ("", "reward-models/", "snapshots/", "comparisons/"):
        assert client.get(f"/api/v1/projects/{project.slug}/{path}").status_code == 404, path
    for path in ("prompts/", "samples/", "comparisons/", "generations/", "reward-models/", "snapshots/", "next/"):
        assert client.post(f"/api/v1/projects/{project.slug}/{path}", {}).status_code == 404, path
    assert client.get("/api/v1/projects/").json()["results"] == []


def test_who_came_by_invitation_may_not_create_projects(api: Api, outsider: Person) -> None:
    assert api(outsider).post("/api/v1/projects/", {"name": "x"}).status_code == 403


def test_without_a_token_there_is_a_problem(project: Project) -> None:
    answer = APIClient().get("/api/v1/projects/")
    assert answer.status_code == 401
    assert answer.json()["title"] == "Unauthorized"


def test_an_unknown_path_is_a_problem_too(db: None) -> None:
    answer = APIClient().get("/api/v1/nothing/here/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
