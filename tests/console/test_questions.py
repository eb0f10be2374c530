"""What a project asks is edited as lines of text: right ones become questions, wrong ones are named, data go on."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import AuditEvent, Judgement, Person, Project
from annotation.presets import PRESETS
from webapp.console.question_forms import written

QUESTIONS, SETTINGS = reverse("questions_write", args=["letters"]), reverse("project_settings", args=["letters"])


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
