"""Projects begin from a preset, and their managers change what may be changed."""

from collections.abc import Callable

import pytest
from django.forms.models import model_to_dict
from django.test import Client
from django.urls import reverse

from annotation.models import AuditEvent, Guideline, Person, Project, Role
from annotation.presets import PRESETS
from webapp.console.project_forms import SettingsForm

NEW, SETTINGS = reverse("project_new"), reverse("project_settings", args=["letters"])


def settings_of(project: Project, **changed: object) -> dict[str, object]:
    given = {**model_to_dict(project, SettingsForm.Meta.fields), "languages": "en", **changed}
    return {name: value for name, value in given.items() if value not in (None, False)}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_project_from_each_preset(preset: str, manager: Client, owner: Person) -> None:
    answer = manager.post(NEW, {"name": "Fine Poems", "preset": preset, "languages": "en, zh"})
    project = Project.objects.get(slug="fine-poems")
    assert answer["Location"] == reverse("dashboard", args=["fine-poems"])
    assert (project.k, project.overlap, project.questions) == (
        PRESETS[preset].k,
        PRESETS[preset].overlap,
        PRESETS[preset].questions,
    )
    assert project.languages == ["en", "zh"]
    assert project.role_of(owner) == Role.OWNER


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "诗"}, {"preset": "best"}, {"slug": "letters"}, {"slug": "a b"}, {"languages": "x" * 17}],
)
def test_a_wrong_project_is_not_made(wrong: dict[str, str], manager: Client, project: Project) -> None:
    page = manager.post(NEW, {"name": "Poems", "preset": "custom", **wrong})
    assert page.status_code == 422
    assert Project.objects.count() == 1


def test_not_everybody_makes_projects(outsider: Person, signed_in: Callable[[Person], Client]) -> None:
    assert signed_in(outsider).get(NEW).status_code == 404
    assert signed_in(outsider).post(NEW, {"name": "Poems", "preset": "custom"}).status_code == 404


def test_settings(manager: Client, project: Project) -> None:
    changed = settings_of(project, name="New letters", k=5, retrain_every=20, daily_cap="", allow_ties=False)
    manager.post(SETTINGS, changed)
    project.refresh_from_db()
    assert (project.name, project.k, project.retrain_every, project.daily_cap) == ("New letters", 5, 20, None)
    assert project.allow_ties is False
    event = AuditEvent.objects.get(action="project.settings")
    assert set(event.details["changed"]) == {"name", "k", "retrain_every", "allow_ties"}


@pytest.mark.parametrize("wrong", [{"k": 1}, {"k": 10}, {"overlap": 0}, {"name": " "}, {"retrain_every": 0}])
def test_wrong_settings_change_nothing(wrong: dict[str, object], manager: Client, project: Project) -> None:
    page = manager.post(SETTINGS, {**settings_of(project), **wrong})
    assert page.status_code == 422
    assert page.context["project"].name == "Letters"
    before = model_to_dict(project)
    project.refresh_from_db()
    assert model_to_dict(project) == before


def test_a_guideline_has_versions(manager: Client, project: Project) -> None:
    write = reverse("guideline_write", args=["letters"])
    manager.post(write, {"text": "# Rank\r\nBetter first."})
    manager.post(write, {"text": "# Rank\nBetter first."})
    assert list(Guideline.objects.values_list("version", "text")) == [
        (1, "# Rank\nBest first."),
        (2, "# Rank\nBetter first."),
    ]
    assert manager.post(write, {"text": ""}).status_code == 422


def test_the_preview_is_safe(manager: Client, project: Project) -> None:
    html = manager.post(
        reverse("guideline_preview", args=["letters"]), {"text": "**b** <script>x</script>"}
    ).content.decode()
    assert "<strong>b</strong>" in html
    assert "<script>" not in html


def test_archive_and_back(manager: Client, project: Project) -> None:
    manager.post(reverse("project_archive", args=["letters"]))
    assert Project.objects.get().archived_at
    assert "archived" in manager.get(reverse("dashboard", args=["letters"])).content.decode()
    manager.post(reverse("project_restore", args=["letters"]))
    assert Project.objects.get().archived_at is None
