"""A newcomer qualifies: by keyboard, on a phone, without script, in Chinese, in the dark."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from annotation import gold
from annotation.models import Assignment, Judgement, Lane, Membership, Person, Project
from tests.browser.conftest import Open

pytestmark = pytest.mark.django_db(transaction=True)

WORK, QUALIFY = "/p/letters/work/", "/p/letters/qualify/"


@pytest.fixture
def newcomer(project: Project, annotator: Person, owner: Person, fill: Callable[[int], None]) -> Person:
    """Has to judge two tasks, of which there are four; the answer with the lowest id is best."""
    fill(6)
    for task in project.tasks.order_by("pk")[:4]:
        groups = [[pk] for pk in sorted(task.sample_ids)]
        words = "The first **must** come first."
        gold.make(task=task, groups=groups, by=owner, explanation=words, purpose=Lane.Purpose.QUALIFICATION)
    project.qualification_tasks = 2
    project.save()
    return annotator


def right_ranks(person: Person) -> list[int]:
    """The right rank of each answer on the page, in its order."""
    shown = Assignment.objects.live().get(person=person).shown
    return [sorted(shown).index(pk) + 1 for pk in shown]


def rank(page: Page, ranks: list[int]) -> None:
    """By digits, as soon as the page listens to them."""
    expect(page.locator("body.scripted #task-title")).to_be_visible()
    for digit in ranks:
        page.keyboard.press(str(digit))


def clean(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_by_keyboard(visit: Open, newcomer: Person) -> None:
    page = visit(newcomer, WORK)
    expect(page).to_have_url(f"{page.url.split('/p/')[0]}{QUALIFY}")
    page.get_by_role("button", name="Begin").press("Enter")
    for number in (1, 2):
        rank(page, right_ranks(newcomer))
        page.keyboard.press("Enter")
        expect(page.locator("#explained-title")).to_have_text("All right")
        expect(page.locator(".explanation strong")).to_have_text("must")
        expect(page.locator("#explained")).to_contain_text(f"task {number} of 2")
        page.locator("#next").press("Enter")
    expect(page.get_by_role("heading", name="You have passed")).to_be_visible()
    page.get_by_role("link", name="Start working").press("Enter")
    expect(page.locator("#task-title")).to_have_text("Rank the answers")
    assert Membership.objects.get(person=newcomer).qualified_at
    assert Assignment.objects.live().filter(person=newcomer, task__lane__purpose=Lane.Purpose.WORK).exists()


def test_without_script_on_a_phone_in_chinese(visit: Open, newcomer: Person) -> None:
    page = visit(newcomer, WORK, width=390, locale="zh-CN", java_script_enabled=False)
    expect(page.locator("h1")).to_have_text("先做一个简短的资格考核")
    page.locator("main form button.primary").click()
    for fieldset, place in zip(page.locator("fieldset.ranks").all(), right_ranks(newcomer)[::-1], strict=True):
        fieldset.locator(f"input[value='{place}']").check(force=True)
    page.locator("#submit").click()
    expect(page.locator("#explained")).to_contain_text("资格考核，第 1/2 个任务")
    expect(page.locator("#next")).to_have_text("下一个任务")
    assert Judgement.objects.count() == 1


def test_who_fails_sees_why_and_tries_again(visit: Open, newcomer: Person) -> None:
    page = visit(newcomer, QUALIFY)
    page.get_by_role("button", name="Begin").click()
    for _ in range(2):
        rank(page, [5 - right for right in right_ranks(newcomer)])
        page.click("#submit")
        expect(page.locator("#explained-title")).to_have_text("Not quite")
        page.click("#next")
    expect(page.get_by_role("heading", name="Not yet")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#task-title")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_accessible_on_every_screen(visit: Open, newcomer: Person, width: int, scheme: str) -> None:
    page = visit(newcomer, QUALIFY, width=width, color_scheme=scheme)
    clean(page)
    page.locator("main form button.primary").click()
    rank(page, right_ranks(newcomer))
    page.click("#submit")
    expect(page.locator("#explained-title")).to_be_visible()
    clean(page)
    page.goto(QUALIFY)
    clean(page)
