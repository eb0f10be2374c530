"""A project that asks more than one order, as annotators meet it: digits alone, the mouse, a phone, both themes."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from annotation.models import Judgement, Person, Project
from annotation.presets import PRESETS
from tests.browser.conftest import Open

pytestmark = pytest.mark.django_db(transaction=True)

Asking = Callable[[str], Person]


@pytest.fixture
def asking(project: Project, annotator: Person, fill: Callable[..., None]) -> Asking:
    """`asking("llama2")`: somebody with three tasks of a project made from the preset."""

    def of(preset: str) -> Person:
        for name, value in PRESETS[preset].defaults.items():
            setattr(project, name, value)
        project.save()
        fill(3, project.k)
        return annotator

    return of


def test_safe_rlhf_by_keyboard(visit: Open, asking: Asking) -> None:
    page = visit(asking("safe_rlhf"), "/p/letters/work/")
    for digit in "1221":
        page.keyboard.press(digit)
    expect(page.locator("#order")).to_have_text("Helpfulness: A > B · Harmlessness: B > A")
    page.keyboard.press("x")
    page.keyboard.press("a")
    page.keyboard.press("2")
    expect(page.locator("#order")).to_have_text("Helpfulness: A = B · Harmlessness: B > A")
    page.locator("#answer-A .harms summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("S")
    page.locator("#answer-A .harms summary").focus()
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    expect(page.locator("#said .message.success")).to_contain_text("Harmlessness: B > A")
    judgement = Judgement.objects.get()
    assert judgement.categories == {str(judgement.assignment.shown[0]): {"animal_abuse": "severe"}}
    assert judgement.rankings.count() == 2


def test_llama2_by_mouse(visit: Open, asking: Asking) -> None:
    page = visit(asking("llama2"), "/p/letters/work/")
    page.locator("#answer-A .ranks .rank").nth(1).click()
    page.locator("#answer-B .ranks .rank").nth(0).click()
    expect(page.locator("#reason")).to_contain_text("How much better")
    expect(page.locator("#submit")).to_have_attribute("aria-disabled", "true")
    page.locator(".strength .rank").nth(3).click()
    page.locator("#answer-A").get_by_label("Unsafe").check()
    expect(page.locator("#reason")).to_have_text("Ready")
    page.click("#submit")
    expect(page.locator("#said .message.success")).to_have_text("Saved: B > A")
    judgement = Judgement.objects.get()
    a, b = judgement.assignment.shown
    assert judgement.strength == 4
    assert judgement.flags == {str(a): {"unsafe": True}, str(b): {"unsafe": False}}


def test_ratings_by_digits(visit: Open, asking: Asking) -> None:
    page = visit(asking("instructgpt"), "/p/letters/work/")
    for digit in "1234" + "7531":
        page.keyboard.press(digit)
    expect(page.locator("#reason")).to_have_text("Ready")
    page.keyboard.press("Enter")
    expect(page.locator("#said .message.success")).to_have_text("Saved: A > B > C > D")
    judgement = Judgement.objects.get()
    given = [judgement.ratings[str(s)]["overall_quality"] for s in judgement.assignment.shown]
    assert given == [7, 5, 3, 1]


@pytest.mark.parametrize(("preset", "scheme", "width"), [("safe_rlhf", "light", 390), ("helpsteer", "dark", 1440)])
def test_accessible_in_both_themes_on_phone_and_desk(
    visit: Open, asking: Asking, preset: str, scheme: str, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = visit(asking(preset), "/p/letters/work/", width=width, color_scheme=scheme, bypass_csp=True)
    for summary in page.locator(".harms summary").all():
        summary.click()
    rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
    found = Axe().run(page, options=rules)
    assert not found.response["violations"], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_scale_stands_in_one_row_on_a_phone(visit: Open, asking: Asking) -> None:
    page = visit(asking("instructgpt"), "/p/letters/work/", width=390, has_touch=True, is_mobile=True)
    steps = page.locator("#answer-A .scale .step")
    tops = steps.evaluate_all("all => all.map(each => each.getBoundingClientRect().top)")
    assert len(tops) == 7
    assert len(set(tops)) == 1
    assert min(steps.evaluate_all("all => all.map(each => each.getBoundingClientRect().width)")) >= 44


def test_a_presets_labels_are_said_in_chinese(visit: Open, asking: Asking) -> None:
    page = visit(asking("safe_rlhf"), "/p/letters/work/", locale="zh-CN")
    expect(page.locator("#answer-A .by").first).to_have_text("有用性")
    expect(page.locator("#answer-A .harm label").first).to_have_text("虐待动物")
