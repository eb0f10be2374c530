"""Managers ask for work of every kind and say how people write; what was written is shown with how it came about."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from annotation import assignment as leases
from annotation import judging, wishes
from annotation.models import AuditEvent, Person, Project, Prompt, Task
from annotation.presets import PRESETS
from annotation.writing import Demonstration, NewPrompt, PromptReview

Api = Callable[[Person], APIClient]
Fill = Callable[[int], None]
SignedIn = Callable[[Person], Client]
TASKS = "/p/letters/tasks/"
TERMS = {"number": "5", "overlap": "2", "priority": "7", "cohort": "poets"}
RAINBOW = "Explain how a rainbow forms to a child of seven years."


def made(kind: str) -> list[Task]:
    return list(Task.objects.filter(kind=kind).select_related("lane").order_by("pk"))


@pytest.fixture
def manager(signed_in: SignedIn, owner: Person, project: Project) -> Client:
    return signed_in(owner)


def test_it_works(manager: Client, project: Project, fill: Fill) -> None:
    fill(2)
    html = manager.get(TASKS).content.decode()
    assert "Ask for demonstrations" in html
    asked = {**TERMS, "instruction": "About **weather**", "language": "en", "category": "sky"}
    assert "5 tasks were made." in manager.post(TASKS + "prompts/", asked, follow=True).content.decode()
    task = made("write_prompt")[0]
    assert (task.priority, task.lane.cohort, task.lane.language) == (7, "poets", "en")
    assert task.brief == {"instruction": "About **weather**", "category": "sky"}
    assert "2 tasks were made." in manager.post(TASKS + "demonstrations/", TERMS, follow=True).content.decode()
    assert [task.overlap for task in made("demonstrate")] == [2, 2]
    again = manager.post(TASKS + "demonstrations/", TERMS, follow=True).content.decode()
    assert "No task was made" in again
    assert "Write a demonstration" in again
    assert AuditEvent.objects.filter(action="tasks.ask").count() == 3


def test_ratings_need_something_to_rate_by(manager: Client, project: Project, fill: Fill) -> None:
    fill(2)
    refused = manager.post(TASKS + "ratings/", TERMS)
    assert refused.status_code == 422
    assert "no scales, flags or categories" in refused.content.decode()
    Project.objects.update(questions=PRESETS["instructgpt"].questions)
    manager.post(TASKS + "ratings/", {**TERMS, "number": "1"})
    assert [len(task.sample_ids) for task in made("rate")] == [4]


@pytest.mark.parametrize(
    "sent", [{}, {**TERMS, "number": "0"}, {**TERMS, "priority": "10"}, {**TERMS, "number": "1000000"}]
)
@pytest.mark.parametrize("action", ["prompts", "demonstrations", "ratings"])
def test_nonsense_is_refused(manager: Client, project: Project, action: str, sent: dict[str, str]) -> None:
    assert manager.post(f"{TASKS}{action}/", sent).status_code == 422
    assert not Task.objects.exists()


def test_the_rules_of_writing(manager: Client, project: Project) -> None:
    sent = {"prompt_instruction": "Ask freely.", "start_from_best": "on"}
    assert "Saved." in manager.post(TASKS + "rules/", sent, follow=True).content.decode()
    project.refresh_from_db()
    assert (project.prompt_instruction, project.review_prompts, project.start_from_best) == ("Ask freely.", False, True)


def test_only_managers_ask(
    signed_in: SignedIn, project: Project, annotator: Person, viewer: Person, outsider: Person
) -> None:
    assert signed_in(viewer).get(TASKS).status_code == 200
    assert "Ask for prompts" not in signed_in(viewer).get(TASKS).content.decode()
    for person in (annotator, outsider):
        assert signed_in(person).get(TASKS).status_code == 404
    for person in (annotator, viewer, outsider):
        for action in ("rules", "prompts", "demonstrations", "ratings"):
            assert signed_in(person).post(f"{TASKS}{action}/", TERMS).status_code == 404


@pytest.fixture
def written(project: Project, owner: Person, annotator: Person) -> Prompt:
    wishes.ask_for_prompts(project=project, by=owner, number=1, language="en")
    task = leases.lease_next(person=annotator, project=project, kind="write_prompt")
    verdict = NewPrompt([{"role": "user", "content": RAINBOW}], facts={"typed": 10, "pasted": 44, "largest": 44})
    return judging.submit(assignment=task, verdict=verdict).prompt


def test_a_prompt_that_waits_is_accepted_or_rejected(manager: Client, written: Prompt, viewer: Person) -> None:
    page = f"/p/letters/prompts/{written.pk}/"
    html = manager.get(page).content.decode()
    assert "81 % pasted" in html
    assert "44 characters in one piece" in html
    assert "1 prompt waits for a review" in manager.get(TASKS).content.decode()
    assert RAINBOW in manager.get("/p/letters/prompts/?state=pending").content.decode()
    assert "The prompt is rejected." in manager.post(page + "reject/", follow=True).content.decode()
    assert "does not wait for a review" in manager.post(page + "accept/", follow=True).content.decode()
    assert RAINBOW in manager.get("/p/letters/prompts/?state=rejected").content.decode()


def test_reviews_and_demonstrations_are_shown(
    manager: Client, written: Prompt, second_annotator: Person, owner: Person
) -> None:
    project = written.project
    review = leases.lease_next(person=second_annotator, project=project, kind="review_prompt")
    edited = [{"role": "user", "content": "How does a rainbow form?"}]
    judging.submit(assignment=review, verdict=PromptReview("edit", edited, reason="Shorter"))
    wishes.ask_for_demonstrations(project=project, by=owner, prompt_ids=[written.pk])
    task = leases.lease_next(person=second_annotator, project=project, kind="demonstrate")
    judging.submit(assignment=task, verdict=Demonstration("<b>Light</b> bends."))
    html = manager.get(f"/p/letters/prompts/{written.pk}/").content.decode()
    for words in ("Edited and accepted", "Shorter", "as its author wrote it", RAINBOW, "&lt;b&gt;Light"):
        assert words in html
    listed = manager.get("/p/letters/prompts/?state=demonstrated").content.decode()
    assert "1 demonstration" in listed
    assert "How does a rainbow form?" not in manager.get("/p/letters/prompts/?state=undemonstrated").content.decode()


def test_outsiders_rule_on_nothing(signed_in: SignedIn, written: Prompt, annotator: Person, viewer: Person) -> None:
    for person in (annotator, viewer):
        assert signed_in(person).post(f"/p/letters/prompts/{written.pk}/accept/").status_code == 404


def test_the_page_costs_the_same_however_much_there_is(
    manager: Client, project: Project, owner: Person, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    wishes.ask_for_prompts(project=project, by=owner, number=20, language="en")
    with django_assert_max_num_queries(16):
        manager.get(TASKS)


def test_over_the_api(api: Api, owner: Person, annotator: Person, project: Project, fill: Fill) -> None:
    fill(3)
    client, where = api(owner), "/api/v1/projects/letters/tasks/"
    ids = sorted(project.prompts.values_list("pk", flat=True))
    assert client.post(where, {"kind": "demonstrate", "prompt_ids": ids[:1]}).json() == {"created": 1}
    assert client.post(where, {"kind": "demonstrate", "priority": 9, "overlap": 2}).json() == {"created": 2}
    assert client.post(where, {"kind": "write_prompt", "number": 4, "instruction": "x"}).status_code == 201
    assert client.post(where, {"kind": "write_prompt"}).json()["errors"] == {
        "number": ["Say how many prompts are to be written."]
    }
    strange = client.post(where, {"kind": "demonstrate", "prompt_ids": [10**9]})
    assert "no such prompts" in str(strange.json()["errors"])
    for odd in ([10**30], ["x"], [True], "abc", [[1]]):
        assert client.post(where, {"kind": "rate", "prompt_ids": odd}).status_code in (400, 422), odd
    for odd in ({"cohort": "\0"}, {"language": "x" * 17}, {"priority": 10}, {"overlap": 0}, {"number": 10**9}):
        assert client.post(where, {"kind": "write_prompt", "number": 1, **odd}).status_code == 400, odd
    assert client.post(where, {"kind": "rate"}).status_code == 422
    assert client.post(where, {"kind": "rank"}).status_code == 400
    assert api(annotator).post(where, {"kind": "demonstrate"}).status_code == 403
    patched = client.patch("/api/v1/projects/letters/", {"start_from_best": True, "prompt_instruction": "Ask."})
    assert patched.json()["start_from_best"] is True


def test_one_task_is_steered_on_its_prompts_page(manager: Client, project: Project, fill: Fill) -> None:
    fill(1)
    task = project.tasks.get()
    path = f"{TASKS}{task.pk}/"
    html = manager.get(f"/p/letters/prompts/{task.prompt_id}/").content.decode()
    assert path in html
    said = {"priority": "9", "overlap": "2", "cohort": "poets"}
    assert "Saved." in manager.post(path, said, follow=True).content.decode()
    task = Task.objects.select_related("lane").get()
    assert (task.priority, task.overlap, task.lane.cohort) == (9, 2, "poets")
    refused = manager.post(path, {**said, "overlap": "0"}, follow=True).content.decode()
    assert "People:" in refused
    assert "withdrawn" in manager.post(path + "withdraw/", follow=True).content.decode()
    assert Task.objects.get().withdrawn_at
    assert "work again" in manager.post(path + "put-back/", follow=True).content.decode()
    assert not Task.objects.get().withdrawn_at


def test_only_managers_steer_tasks(signed_in: SignedIn, viewer: Person, project: Project, fill: Fill) -> None:
    fill(1)
    path = f"{TASKS}{project.tasks.get().pk}/"
    for action in ("", "withdraw/", "put-back/"):
        assert signed_in(viewer).post(path + action, {"priority": "9"}).status_code == 404


def test_near_copies_are_pointed_out_before_prompts_are_added(manager: Client, project: Project) -> None:
    add = "/p/letters/prompts/add/"
    first = {"text": RAINBOW, "separated": "line"}
    assert manager.post(add, first).status_code == 302
    assert manager.post(add, first).status_code == 302, "word for word it is not taken twice anyway"
    near = {**first, "text": f"Please: {RAINBOW}\nName a tall tree of the north."}
    warned = manager.post(add, near)
    assert warned.status_code == 422
    assert "nearly here already" in warned.content.decode()
    assert Prompt.objects.count() == 1
    assert manager.post(add, {**near, "different": "on"}).status_code == 302
    assert Prompt.objects.count() == 3


def test_an_author_reads_why_their_prompt_was_rejected(
    signed_in: SignedIn, project: Project, owner: Person, annotator: Person, second_annotator: Person
) -> None:
    wishes.ask_for_prompts(project=project, by=owner, number=1)
    given = leases.lease_next(person=annotator, project=project)
    judging.submit(assignment=given, verdict=NewPrompt([{"role": "user", "content": RAINBOW}]))
    review = leases.lease_next(person=second_annotator, project=project)
    judging.submit(assignment=review, verdict=PromptReview("reject", reason="Too easy by far."))
    html = signed_in(annotator).get("/p/letters/mine/").content.decode()
    assert "Too easy by far." in html
    assert "ben" not in html
