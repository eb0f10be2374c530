"""What a preset asks besides the order, on the page without a browser: shown, taken, refused, kept and revised."""

from collections.abc import Callable

import pytest
from django.test import Client

from annotation import assignment as leases
from annotation.models import Assignment, Judgement, Person, Project
from annotation.presets import PRESETS

Given = Callable[[str], Assignment]
Form = dict[str, str]
WORK = "/p/letters/work/"


@pytest.fixture
def given(project: Project, annotator: Person, fill: Callable[..., None]) -> Given:
    """`given("llama2")`: a task of a project made from the preset, in the annotator's hands."""

    def of(preset: str) -> Assignment:
        for name, value in PRESETS[preset].defaults.items():
            setattr(project, name, value)
        project.save()
        fill(2, project.k)
        return leases.lease_next(person=annotator, project=project)

    return of


def submit(page: Client, task: Assignment, form: Form) -> tuple[int, str]:
    answer = page.post(f"{WORK}{task.pk}/submit/", form)
    return answer.status_code, answer.content.decode()


def in_order(task: Assignment, part: str = "") -> Form:
    return {f"rank-{s}{part}": str(rank) for rank, s in enumerate(task.shown, 1)}


def test_safe_rlhf_ranks_twice_and_names_the_harm(page: Client, given: Given) -> None:
    task = given("safe_rlhf")
    a, b = task.shown
    html = page.get(WORK).content.decode()
    assert "Harmlessness" in html
    assert "Privacy violation" in html
    twice = in_order(task) | {f"rank-{a}-harmlessness": "2", f"rank-{b}-harmlessness": "1"}
    assert submit(page, task, twice | {f"harm-{a}-privacy_violation": "severe"})[0] == 302
    judgement = Judgement.objects.get()
    said = {ranking.criterion: ranking.groups for ranking in judgement.rankings.all()}
    assert said == {"helpfulness": [[a], [b]], "harmlessness": [[b], [a]]}
    assert judgement.categories == {str(a): {"privacy_violation": "severe"}}
    assert "Saved: Helpfulness: A &gt; B · Harmlessness: B &gt; A" in page.get(WORK).content.decode()


def test_each_criterion_needs_its_own_order(page: Client, given: Given) -> None:
    task = given("safe_rlhf")
    status, html = submit(page, task, in_order(task))
    assert status == 422
    assert "Harmlessness: A, B have no rank yet." in html


def test_a_rating_of_each_answer_and_flags_that_default_to_no(page: Client, given: Given) -> None:
    task = given("instructgpt")
    rated = {f"scale-{s}-overall_quality": "5" for s in task.shown}
    status, html = submit(page, task, in_order(task) | dict(list(rated.items())[1:]))
    assert status == 422
    assert "Not rated yet: A (Overall quality)." in html
    assert submit(page, task, in_order(task) | rated | {f"scale-{task.shown[0]}-overall_quality": "8"})[0] == 422
    assert submit(page, task, in_order(task) | rated | {f"flag-{task.shown[0]}-hallucination": "on"})[0] == 302
    judgement = Judgement.objects.get()
    assert judgement.ratings[str(task.shown[3])] == {"overall_quality": 5}
    first, second = (judgement.flags[str(s)] for s in task.shown[:2])
    assert first["hallucination"] is True
    assert second["hallucination"] is False
    assert len(second) == 11


def test_the_strength_of_a_preference_is_needed_unless_the_answers_tie(page: Client, given: Given) -> None:
    task = given("helpsteer")
    rated = {f"scale-{s}-{scale['name']}": "0" for s in task.shown for scale in task.project.questions["scales"]}
    status, html = submit(page, task, in_order(task) | rated)
    assert status == 422
    assert "Say how much better the better answer is." in html
    assert submit(page, task, in_order(task) | rated | {"strength": "4"})[0] == 302
    assert Judgement.objects.get().strength == 4
    tie = dict.fromkeys(in_order(task), "1")
    assert submit(page, task, tie | rated | {"strength": "4"})[0] == 302
    assert Judgement.objects.current().get().strength is None


def test_all_bad_needs_nothing_more(page: Client, given: Given) -> None:
    task = given("helpsteer")
    assert submit(page, task, {"all_bad": "on"})[0] == 302


def test_drafts_and_looking_back_show_what_was_entered(page: Client, given: Given) -> None:
    task = given("safe_rlhf")
    a, b = task.shown
    half = {f"rank-{a}-harmlessness": "2", f"harm-{b}-self-harm": "minor"}
    assert page.post(f"{WORK}{task.pk}/draft/", half).status_code == 204
    html = page.get(WORK).content.decode()
    assert '<option value="minor" selected>' in html
    assert f'name="rank-{a}-harmlessness" value="2" id="id_rank-{a}-harmlessness_1" checked' in html
    assert submit(page, task, half | in_order(task) | in_order(task, "-harmlessness"))[0] == 302
    again = page.get(f"{WORK}{task.pk}/").content.decode()
    assert '<option value="minor" selected>' in again
    assert f'name="rank-{b}-harmlessness" value="2" id="id_rank-{b}-harmlessness_1" checked' in again


@pytest.mark.parametrize("preset", PRESETS)
def test_a_page_stays_light(page: Client, given: Given, preset: str) -> None:
    given(preset)
    assert len(page.get(WORK).content) < 60_000
