"""Work of every kind over the API: what comes, what is sent, and what is refused with which words."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from annotation import wishes
from annotation.models import Judgement, Person, Project, Prompt, Sample
from annotation.presets import PRESETS

Api = Callable[[Person], APIClient]
Fill = Callable[[int], None]
RAINBOW = "Explain how a rainbow forms to a child of seven years."


def take(client: APIClient, kind: str) -> Any:
    answer = client.post("/api/v1/projects/letters/next/", {"kind": kind})
    return answer.json() if answer.status_code == 200 else None


def say(client: APIClient, given: Any, **said: object) -> Any:
    return client.put(f"/api/v1/assignments/{given['assignment']}/judgement/", said)


@pytest.fixture
def wanted(project: Project, owner: Person, fill: Fill) -> Project:
    """One ranked prompt to demonstrate, one set of answers to rate, two prompts to write."""
    project.questions = PRESETS["instructgpt"].questions
    project.prompt_instruction = "Ask what you really want to know."
    project.save()
    fill(1)
    ids = project.prompts.values_list("pk", flat=True)
    wishes.ask_for_demonstrations(project=project, by=owner, prompt_ids=ids)
    wishes.ask_for_ratings(project=project, by=owner, prompt_ids=ids)
    wishes.ask_for_prompts(project=project, by=owner, number=2, language="en", instruction="About weather.")
    return project


def test_a_prompt_is_written_and_reviewed(
    api: Api, wanted: Project, annotator: Person, second_annotator: Person
) -> None:
    given = take(api(annotator), "write_prompt")
    assert given["task"]["kind"] == "write_prompt"
    assert (given["task"]["prompt"], given["task"]["samples"]) == ([], [])
    assert given["task"]["brief"] == {
        "instruction": "Ask what you really want to know.\n\nAbout weather.", "category": "", "language": "en",
    }  # fmt: skip
    assert say(api(annotator), given, prompt=RAINBOW, category="physics").status_code == 200
    assert take(api(annotator), "review_prompt") is None
    review = take(api(second_annotator), "review_prompt")
    assert review["task"]["prompt"] == [{"role": "user", "content": RAINBOW}]
    assert say(api(second_annotator), review, verdict="edit", text="Why is there a rainbow?").status_code == 200
    prompt = Prompt.objects.get(author=annotator)
    assert (prompt.review_state, prompt.last_turn, prompt.category) == (
        "accepted",
        "Why is there a rainbow?",
        "physics",
    )


def test_a_demonstration_starts_from_the_best_where_that_is_allowed(
    api: Api, wanted: Project, annotator: Person, second_annotator: Person
) -> None:
    ranked = take(api(second_annotator), "rank")
    order = [[sample["id"]] for sample in ranked["task"]["samples"]]
    assert say(api(second_annotator), ranked, ranking=order).status_code == 200
    given = take(api(annotator), "demonstrate")
    assert given["task"]["samples"] == []
    Project.objects.update(start_from_best=True)
    given = take(api(annotator), "demonstrate")
    assert given["task"]["samples"] == ranked["task"]["samples"][:1]
    best = given["task"]["samples"][0]["id"]
    said = say(api(annotator), given, text="A better answer.", started_from=best)
    assert said.status_code == 200
    judgement = Judgement.objects.get(pk=said.json()["id"])
    assert (judgement.started_from_id, judgement.sample.text) == (best, "A better answer.")
    assert say(api(annotator), given, text="Better still.", started_from=best).json()["revision"] == 2
    assert Sample.objects.filter(author=annotator).count() == 1


def test_answers_are_rated(api: Api, wanted: Project, annotator: Person) -> None:
    given = take(api(annotator), "rate")
    ratings = {str(sample["id"]): {"overall_quality": 3} for sample in given["task"]["samples"]}
    assert say(api(annotator), given, ratings=ratings).status_code == 200


@pytest.mark.parametrize(
    ("kind", "said", "about", "words"),
    [
        ("write_prompt", {}, "prompt", "Send either prompt"),
        ("write_prompt", {"prompt": ""}, "prompt", "may not be blank"),
        ("write_prompt", {"prompt": RAINBOW, "language": "zh"}, "language", "languages are en"),
        ("write_prompt", {"messages": [{"role": "assistant", "content": "x"}]}, "prompt", "ends with the user's"),
        ("write_prompt", {"messages": [{"role": "x", "content": "x"}]}, "messages", ""),
        ("demonstrate", {"text": " \n"}, "text", ""),
        ("demonstrate", {"ranking": [[1]]}, "text", "required"),
        ("demonstrate", {"text": "x", "started_from": 10**9}, "started_from", "not an answer"),
        ("demonstrate", {"text": "x", "seconds": "nan"}, "seconds", ""),
        ("rate", {}, "ratings", "There are no ratings"),
        ("rate", {"ratings": {"0": {"overall_quality": 3}}}, "ratings", "not in this task"),
        ("rank", {"text": "x"}, "ranking", "There is no ranking"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    api: Api, wanted: Project, annotator: Person, kind: str, said: dict[str, Any], about: str, words: str
) -> None:
    refused = say(api(annotator), take(api(annotator), kind), **said)
    assert refused.status_code == 400
    assert words in str(refused.json()["errors"][about])
    assert not Judgement.objects.exists()


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ({}, "verdict"),
        ({"verdict": "perhaps"}, "verdict"),
        ({"verdict": "reject"}, "reason"),
        ({"verdict": "edit"}, "prompt"),
        ({"verdict": "edit", "text": RAINBOW}, "text"),
    ],
)
def test_a_review_says_what_and_why(
    api: Api, wanted: Project, annotator: Person, second_annotator: Person, said: dict[str, Any], about: str
) -> None:
    say(api(annotator), take(api(annotator), "write_prompt"), prompt=RAINBOW)
    refused = say(api(second_annotator), take(api(second_annotator), "review_prompt"), **said)
    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == [about]


def test_anothers_work_does_not_exist(
    api: Api, wanted: Project, annotator: Person, second_annotator: Person, outsider: Person
) -> None:
    given = take(api(annotator), "write_prompt")
    for person in (second_annotator, outsider):
        assert say(api(person), given, prompt=RAINBOW).status_code == 404
    assert api(annotator).post("/api/v1/projects/letters/next/", {"kind": "dance"}).status_code == 400


def test_the_document_names_every_body(client: Any) -> None:
    schema = client.get("/api/v1/schema/?format=json").json()
    body = schema["paths"]["/api/v1/assignments/{uuid}/judgement/"]["put"]["requestBody"]["content"]
    names = {part["$ref"].rpartition("/")[2] for part in schema["components"]["schemas"]["Said"]["oneOf"]}
    assert body["application/json"]["schema"]["$ref"].endswith("/Said")
    assert names >= {"Verdict", "Demonstration", "NewPrompt", "PromptReview", "Rates"}


def test_near_copies_are_pointed_out(api: Api, wanted: Project, annotator: Person, viewer: Person) -> None:
    where = "/api/v1/projects/letters/near-copies/"
    say(api(annotator), take(api(annotator), "write_prompt"), prompt=RAINBOW)
    (near,) = api(annotator).post(where, {"prompt": RAINBOW + " Be brief."}).json()
    assert near["messages"] == [{"role": "user", "content": RAINBOW}]
    assert 0.5 < near["similarity"] < 1
    assert api(annotator).post(where, {"prompt": "Something else altogether"}).json() == []
    assert api(annotator).post(where, {}).status_code == 400
    assert api(viewer).post(where, {"prompt": RAINBOW}).status_code == 403


@pytest.mark.parametrize("body", [{"messages": []}, {"messages": None}, {"prompt": ""}, {}])
def test_near_copies_of_nothing_are_refused(api: Api, wanted: Project, annotator: Person, body: dict[str, Any]) -> None:
    assert api(annotator).post("/api/v1/projects/letters/near-copies/", body).status_code == 400
