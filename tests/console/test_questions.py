"""What a project asks is edited as lines of text: right ones become questions, wrong ones are named, data go on."""

import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from annotation.models import AuditEvent, Judgement, Person, Project
from annotation.presets import PRESETS
from webapp.console.question_forms import written

QUESTIONS, SETTINGS = reverse("questions_write", args=["letters"]), reverse("project_settings", args=["letters"])
PREVIEW = reverse("questions_preview", args=["letters"])


def test_it_works(manager: Client, project: Project) -> None:
    lines = {"criteria": "Wit\nWarmth", "scales": "Clarity: 1-5\n清晰 0–4", "flags": "Off topic\n", "strength": "on"}
    assert manager.post(QUESTIONS, lines)["Location"] == SETTINGS
    project.refresh_from_db()
    assert project.questions == {
        "criteria": [{"name": "wit", "label": "Wit"}, {"name": "warmth", "label": "Warmth"}],
        "scales": [
            {"name": "clarity", "label": "Clarity", "min": 1, "max": 5},
            {"name": "清晰", "label": "清晰", "min": 0, "max": 4},
        ],
        "flags": [{"name": "off_topic", "label": "Off topic"}],
        "strength": True,
    }
    assert AuditEvent.objects.filter(action="project.questions").count() == 1
    assert "Clarity: 1-5" in manager.get(SETTINGS).content.decode()


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_saved_as_it_stands_is_unchanged(manager: Client, project: Project, preset: str) -> None:
    project.questions = PRESETS[preset].questions
    project.save()
    lines = {name: value if isinstance(value, str) else "on" for name, value in written(project).items() if value}
    assert manager.post(QUESTIONS, lines).status_code == 302
    project.refresh_from_db()
    assert project.questions == PRESETS[preset].questions
    assert not AuditEvent.objects.filter(action="project.questions").exists()


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ({"scales": "Clarity"}, "a name and its two ends"),
        ({"scales": "Clarity: 5-1"}, "a name and its two ends"),
        ({"scales": "Clarity: 1-50"}, "at most 11 steps"),
        ({"flags": "Odd\nodd"}, "Two lines have the same name."),
        ({"flags": "!?"}, "a letter or digit among them"),
        ({"categories": "\n".join(map(str, range(31)))}, "At most 30 lines."),
    ],
)
def test_wrong_lines_are_named(manager: Client, project: Project, lines: dict[str, str], sentence: str) -> None:
    answer = manager.post(QUESTIONS, lines)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    project.refresh_from_db()
    assert project.questions == {}


def test_orders_stay_once_somebody_judged(
    manager: Client, annotator: Person, fill: Callable[[int], None], judge: Callable[[Person], Judgement]
) -> None:
    fill(1)
    judge(annotator)
    answer = manager.post(QUESTIONS, {"criteria": "Wit"})
    assert "the orders stay as they are" in answer.content.decode()
    assert manager.post(QUESTIONS, {"flags": "Odd"}).status_code == 302


def test_only_managers_edit(signed_in: Callable[[Person], Client], annotator: Person, viewer: Person) -> None:
    for person in (annotator, viewer):
        assert signed_in(person).post(QUESTIONS, {"flags": "Odd"}).status_code == 404


def shown(answer: HttpResponse) -> str:
    return str(answer.content.decode().split('id="asked-preview"')[-1])


def test_the_preview_asks_as_the_ranking_page_does(manager: Client, project: Project) -> None:
    Project.objects.update(k=2)
    lines = {
        "criteria": "Wit\nWarmth", "scales": "Clarity: 1-3", "flags": "Off topic", "categories": "Spam",
        "severities": "Mild\nBad", "strength": "on",
    }  # fmt: skip
    html = manager.post(PREVIEW, lines, headers={"HX-Request": "true"}).content.decode()
    for words in ("Wit", "Warmth", "Clarity", "Off topic", "Harm in answer A", "Spam", "Mild", "Significantly better"):
        assert words in html
    assert "<html" not in html
    assert 'value="mild" selected' in html
    fields = re.findall(r"<(?:input|select)\b[^>]*", html)
    assert len(fields) == 2 * (2 * 2 + 3 + 1 + 1) + 4
    assert all(" disabled" in field for field in fields)
    project.refresh_from_db()
    assert project.questions == {}


def test_the_preview_says_what_makes_no_sense_and_shows_the_rest(manager: Client, project: Project) -> None:
    lines = {"scales": "Clarity: 1-3\nDepth", "flags": "Odd\nodd", "categories": "<b>Spam</b>"}
    answer = manager.post(PREVIEW, lines, headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "Ratings: Depth: a name and its two ends" in html
    assert "Yes or no: Two lines have the same name." in html
    assert "Clarity" in html
    assert "&lt;b&gt;Spam" in html


def test_the_preview_without_script_is_the_page_as_it_was_filled_in(manager: Client, project: Project) -> None:
    answer = manager.post(PREVIEW, {"flags": "Odd"})
    assert answer.status_code == 200
    assert "What is true of answer B" in shown(answer)
    assert ">Odd</textarea>" in answer.content.decode().replace("\n", "")
    assert manager.post(PREVIEW, {"scales": "Depth"}).status_code == 422
    project.refresh_from_db()
    assert project.questions == {}


def test_a_strength_that_is_never_asked_is_said_to_be_so(manager: Client, project: Project) -> None:
    Project.objects.update(k=4)
    html = manager.post(PREVIEW, {"strength": "on"}, headers={"HX-Request": "true"}).content.decode()
    assert "this project ranks more at once" in html
    assert "Significantly better" not in html


def test_the_settings_show_what_is_asked_now(manager: Client, project: Project) -> None:
    Project.objects.update(questions=PRESETS["safe_rlhf"].questions)
    assert "Harmlessness" in shown(manager.get(SETTINGS))


def test_a_new_project_shows_what_each_preset_asks(manager: Client) -> None:
    html = manager.get(reverse("project_new")).content.decode()
    for preset, words in (("instructgpt", "Hallucination"), ("safe_rlhf", "Animal abuse"), ("helpsteer", "Coherence")):
        assert words in html.split(f'id="{preset}-asks"')[1].split("</section>")[0]
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
