"""Writing and rating on the workbench without a browser: what the forms show, take and refuse."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from annotation import assignment as leases
from annotation import judging, wishes
from annotation.models import Assignment, Judgement, Person, Project, Prompt, Sample
from annotation.presets import PRESETS
from annotation.writing import NewPrompt

Fill = Callable[[int], None]
RAINBOW = "Explain how a rainbow forms to a child of seven years."


@pytest.fixture
def wanted(project: Project, owner: Person, fill: Fill) -> Project:
    project.questions = PRESETS["instructgpt"].questions
    project.prompt_instruction = "Ask what you **really** want to know."
    project.save()
    fill(1)
    ids = project.prompts.values_list("pk", flat=True)
    wishes.ask_for_demonstrations(project=project, by=owner, prompt_ids=ids)
    wishes.ask_for_ratings(project=project, by=owner, prompt_ids=ids)
    wishes.ask_for_prompts(project=project, by=owner, number=3, language="en", category="weather")
    return project


@pytest.fixture
def given(wanted: Project, annotator: Person) -> Callable[..., Assignment]:
    """`given("rate")`: a task of this kind in the annotator's hands, or in those of `person`."""

    def of(kind: str, person: Person = annotator) -> Assignment:
        return leases.lease_next(person=person, project=wanted, kind=kind)

    return of


@pytest.fixture
def pending(given: Callable[..., Assignment], second_annotator: Person) -> Prompt:
    task = given("write_prompt", second_annotator)
    return judging.submit(assignment=task, verdict=NewPrompt([{"role": "user", "content": RAINBOW}])).prompt


def at(task: Assignment, action: str = "") -> str:
    return f"/p/letters/work/{task.pk}/{action + '/' if action else ''}"


def test_a_demonstration(page: Client, given: Any) -> None:
    task = given("demonstrate")
    assert "Question 0?" in page.get(at(task)).content.decode()
    entered = {"text": "\nBecause.\r\n", "typed": "3", "pasted": "5", "largest": "5", "seconds": "4"}
    assert page.post(at(task, "submit"), entered).status_code == 302
    judgement = Judgement.objects.get()
    assert judgement.edited_text == "Because."
    assert judgement.facts == {"typed": 3, "pasted": 5, "largest": 5}
    assert judgement.sample.author == judgement.person
    html = page.get(at(task)).content.decode()
    assert "You look back at what you have submitted" in html
    assert "Because." in html
    assert "Saved: your answer, 8 characters" in html


def test_an_empty_demonstration_is_refused(page: Client, given: Any) -> None:
    answer = page.post(at(given("demonstrate"), "submit"), {"text": "  "})
    assert answer.status_code == 422
    assert "Write the answer first." in answer.content.decode()


def test_starting_from_the_best_without_script(page: Client, given: Any, second_annotator: Person) -> None:
    ranked = given("rank", second_annotator)
    judging.submit(assignment=ranked, verdict=judging.Verdict(judging.overall([[s] for s in ranked.shown])))
    task = given("demonstrate")
    assert page.post(at(task, "start")).status_code == 404
    Project.objects.update(start_from_best=True)
    best = Sample.objects.get(pk=ranked.shown[0])
    html = page.get(at(task)).content.decode()
    assert "Start from this answer" in html
    assert best.text in html
    html = page.post(at(task, "start"), follow=True).content.decode()
    assert f'name="started_from" value="{best.pk}"' in html
    page.post(at(task, "submit"), {"text": best.text + " And more.", "started_from": str(best.pk)})
    assert Judgement.objects.get(task=task.task).started_from == best


def test_a_prompt_with_what_was_said_before(page: Client, given: Any) -> None:
    task = given("write_prompt")
    html = page.get(at(task)).content.decode()
    assert "Ask what you <strong>really</strong> want" in html
    assert 'value="weather"' in html
    entered = {
        "text": "And in winter?", "category": "seasons", "system": "Be brief.",
        "user_1": "Why is there dew?", "assistant_1": "Air cools at night.",
    }  # fmt: skip
    refused = page.post(at(task, "submit"), {**entered, "user_2": "Half"})
    assert "Both sides of an exchange" in refused.content.decode()
    assert page.post(at(task, "submit"), entered).status_code == 302
    prompt = Prompt.objects.get(source="written")
    assert [message["role"] for message in prompt.messages] == ["system", "user", "assistant", "user"]
    assert (prompt.language, prompt.category, prompt.review_state) == ("en", "seasons", "pending")
    html = page.get(at(task)).content.decode()
    assert "Air cools at night." in html
    revised = page.post(at(task, "submit"), {**entered, "text": "And in a warm winter?"})
    assert revised.status_code == 302
    assert Prompt.objects.get(source="written").last_turn == "And in a warm winter?"


def test_a_near_copy_is_pointed_out_and_may_be_meant(page: Client, given: Any, pending: Prompt) -> None:
    task = given("write_prompt")
    entered = {"text": RAINBOW + " Be brief."}
    found = page.post(at(task, "near"), entered).content.decode()
    assert RAINBOW in found
    assert "%" in found
    assert page.post(at(task, "near"), {"text": "Something else altogether"}).content.decode().strip() == ""
    refused = page.post(at(task, "submit"), entered)
    assert refused.status_code == 422
    assert "look at them, and say whether yours is different" in refused.content.decode()
    assert RAINBOW in refused.content.decode()
    assert page.post(at(task, "submit"), {**entered, "different": "on"}).status_code == 302
    assert list(Judgement.objects.get(task=task.task).facts["near"]) == [str(pending.pk)]


def test_searching_faster_than_one_types_is_held_back(page: Client, given: Any) -> None:
    cache.clear()
    task = given("write_prompt")
    answers = {page.post(at(task, "near"), {"text": "Why?"}).status_code for _ in range(62)}
    assert answers == {200, 429}
    cache.clear()


def test_a_review(page: Client, given: Any, pending: Prompt) -> None:
    task = given("review_prompt")
    html = page.get(at(task)).content.decode()
    assert RAINBOW in html
    assert pending.author.username not in html
    assert "Say what becomes of the prompt." in page.post(at(task, "submit"), {}).content.decode()
    said = {"decision": "reject", "message_0": RAINBOW}
    assert "Say why the prompt should not be taken" in page.post(at(task, "submit"), said).content.decode()
    edit = {"decision": "edit", "message_0": "How does a rainbow form?"}
    assert page.post(at(task, "submit"), edit).status_code == 302
    pending.refresh_from_db()
    assert (pending.review_state, pending.last_turn) == ("accepted", "How does a rainbow form?")
    html = page.get(at(task)).content.decode()
    assert "How does a rainbow form?" in html
    assert page.post(at(task, "submit"), {"decision": "accept", "message_0": RAINBOW}).status_code == 302
    pending.refresh_from_db()
    assert pending.last_turn == RAINBOW


def test_rating(page: Client, given: Any) -> None:
    task = given("rate")
    scales = {f"scale-{s}-overall_quality": "5" for s in task.shown}
    refused = page.post(at(task, "submit"), dict(list(scales.items())[:2]))
    assert "Not rated yet: C (Overall quality), D (Overall quality)." in refused.content.decode()
    assert page.post(at(task, "submit"), scales).status_code == 302
    judgement = Judgement.objects.get()
    assert judgement.ratings == {str(s): {"overall_quality": 5} for s in task.shown}
    assert "Saved: 4 answers rated" in page.get(at(task)).content.decode()


def test_drafts_are_kept_for_every_kind(page: Client, given: Any, pending: Prompt) -> None:
    for kind, entered in (
        ("demonstrate", {"text": "half of an answ", "typed": "15"}),
        ("write_prompt", {"text": "half of a prom", "user_1": "before"}),
        ("review_prompt", {"decision": "reject", "reason": "half of a reas"}),
        ("rate", {"comment": "half of a comm"}),
    ):
        task = given(kind)
        assert page.post(at(task, "draft"), entered).status_code == 204
        html = page.get(at(task)).content.decode()
        assert [value for value in entered.values() if value not in html] == [], kind
        leases.skip(assignment=task, reason="unsure")


def test_ones_own_list_knows_every_kind(page: Client, given: Any, pending: Prompt) -> None:
    page.post(at(given("demonstrate"), "submit"), {"text": "The answer of mine"})
    page.post(at(given("write_prompt"), "submit"), {"text": "Why do cats purr so loudly?"})
    page.post(at(given("review_prompt"), "submit"), {"decision": "accept", "message_0": RAINBOW})
    task = given("rate")
    page.post(at(task, "submit"), {f"scale-{s}-overall_quality": "5" for s in task.shown})
    html = page.get("/p/letters/mine/").content.decode()
    for words in ("The answer of mine", "Why do cats purr", "Accepted", "4 answers rated"):
        assert words in html


def test_others_work_does_not_exist(
    given: Any, signed_in: Callable[[Person], Client], second_annotator: Person, outsider: Person, viewer: Person
) -> None:
    for kind in ("demonstrate", "write_prompt", "rate"):
        task = given(kind)
        for person in (second_annotator, outsider, viewer):
            client = signed_in(person)
            assert client.get(at(task)).status_code == 404
            for action in ("submit", "draft", "near", "start"):
                assert client.post(at(task, action), {"text": "x"}).status_code == 404


def test_hostile_words_are_harmless(page: Client, given: Any, pending: Prompt) -> None:
    Prompt.objects.filter(pk=pending.pk).update(
        messages=[{"role": "user", "content": "<script>alert(1)</script>\u202e" + RAINBOW}]
    )
    task = given("review_prompt")
    html = page.get(at(task)).content.decode()
    assert "<script>alert" not in html
    found = page.post(at(given("write_prompt"), "near"), {"text": RAINBOW}).content.decode()
    assert "<script>alert" not in found


def test_ratings_and_texts_that_nobody_has_met_are_undone(page: Client, given: Any) -> None:
    task = given("rate")
    page.post(at(task, "submit"), {f"scale-{s}-overall_quality": "5" for s in task.shown})
    assert page.post(at(task, "undo")).status_code == 302
    assert not Judgement.objects.current().exists()
    html = page.get(at(task)).content.decode()
    assert html.count(" checked") - html.count('id="keys-on" checked') == 4
    task = given("demonstrate")
    page.post(at(task, "submit"), {"text": "Because."})
    page.post(at(task, "undo"))
    assert not Judgement.objects.current().exists()
    assert ">Because.</textarea>" in page.get(at(task)).content.decode().replace("\n", "")
