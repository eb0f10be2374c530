"""Questions are seen while they are written; and the busiest pages hold at twice the size."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Person, Project
from tests.browser.conftest import Open

pytestmark = pytest.mark.django_db(transaction=True)


def sideways(page: Page) -> int:
    """How many pixels the page scrolls sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_zoomed_to_twice_the_size(visit: Open, project: Project, owner: Person, fill: Callable[..., None]) -> None:
    """A window of 1280 px at 200% has 640 CSS px (WCAG 1.4.4, 1.4.10)."""
    fill(2, 9)
    page = visit(owner, "/p/letters/dashboard/", width=640, device_scale_factor=2)
    assert sideways(page) <= 0
    page.goto("/p/letters/work/")
    expect(page.locator("#task h1")).to_be_visible()
    assert sideways(page) <= 0
    expect(page.locator("#submit")).to_be_in_viewport()


def test_questions_are_seen_while_they_are_written(visit: Open, project: Project, owner: Person) -> None:
    Project.objects.update(k=2)
    page = visit(owner, "/p/letters/settings/")
    shown = page.locator("#asked-preview")
    page.get_by_label("Ratings").fill("Clarity: 1-3\nDepth")
    expect(shown.get_by_text("Depth: a name and its two ends")).to_be_visible()
    expect(shown.get_by_role("group", name="Clarity")).to_have_count(2)
    page.get_by_label("Categories of harm").fill("Spam")
    page.get_by_label("How severe").fill("Mild\nBad")
    page.get_by_label("Ask how much better").check()
    expect(shown.get_by_text("Significantly better")).to_be_visible()
    expect(shown.get_by_label("Spam").first).to_be_disabled()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_label("Ratings")).to_have_value("Clarity: 1-3\nDepth")
    page.goto("/projects/new/")
    expect(page.get_by_text("Animal abuse").first).to_be_hidden()
    page.get_by_text("Safe RLHF", exact=True).click()
    expect(page.get_by_text("Animal abuse").first).to_be_visible()


def test_changes_in_one_form_are_not_lost_by_saving_another(visit: Open, project: Project, owner: Person) -> None:
    page = visit(owner, "/p/letters/settings/")
    asks = """() => {
      const leaving = new Event("beforeunload", {cancelable: true});
      dispatchEvent(leaving);
      return leaving.defaultPrevented;
    }"""
    assert page.evaluate(asks) is False
    page.locator("#guideline-form textarea").fill("# Rank\nThe best one first.")
    assert page.evaluate(asks) is True
    page.get_by_role("button", name="Save guideline").click()
    expect(page.locator("#guideline .badge")).to_have_text("version 2")
    assert page.evaluate(asks) is False
