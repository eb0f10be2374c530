"""An annotator at work, as they meet it: by keyboard, by mouse, by touch, without script, and with a bad network."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db.models import QuerySet
from playwright.sync_api import Page, Request, expect

from annotation.models import Assignment, Judgement, Person, Project, Sample
from annotation.models.prompt import Prompt
from tests.browser.conftest import Open, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(2)> [click](javascript:alert(3)) ![x](http://a.invalid/x.png)",
    "A" * 200_000,
    "user\u202etxt.exe\u2066 and \x07 bell, `" + "B" * 500 + "`",
    "| a | b |\n|---|---|\n| " + "wide" * 40 + " | y |\n\n$\\text{<svg onload=alert(4)>}$",
]


@pytest.fixture
def work(fill: Callable[[int], None], annotator: Person) -> Person:
    fill(6)
    return annotator


def judged() -> QuerySet[Judgement]:
    return Judgement.objects.current().order_by("pk")


def order(judgement: Judgement) -> list[list[str]]:
    """The ranking in the letters of the page, best first."""
    shown = judgement.assignment.shown
    return [sorted("ABCD"[shown.index(s)] for s in group) for group in judgement.rankings.get().groups]


def next_task(page: Page, saved: str) -> None:
    """The next task is there, said aloud and in focus."""
    expect(page.locator("#said .message.success")).to_have_text(saved)
    expect(page.locator("#task-title")).to_be_focused()


def test_three_tasks_by_keyboard_alone(visit: Open, work: Person) -> None:
    page = visit(work, "/accounts/login/")
    sign_in(page, work.username)
    page.click("text=Go to work")
    page.click("text=I have read it: start")
    expect(page.locator("#lanes")).to_be_visible()
    for digits, saved in (("2113", "B = C > A > D"), ("1234", "A > B > C > D"), ("4321", "D > C > B > A")):
        for digit in digits:
            page.keyboard.press(digit)
        expect(page.locator("#order")).to_have_text(saved)
        page.keyboard.press("Enter")
        next_task(page, f"Saved: {saved}")
    assert [order(each) for each in judged()] == [
        [["B", "C"], ["A"], ["D"]],
        [["A"], ["B"], ["C"], ["D"]],
        [["D"], ["C"], ["B"], ["A"]],
    ]


def test_letters_arrows_and_corrections_by_keyboard(visit: Open, work: Person) -> None:
    page = visit(work, "/p/letters/work/")
    page.keyboard.press("d")
    expect(page.locator("#answer-D")).to_be_focused()
    page.keyboard.press("1")
    page.keyboard.press("a")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#answer-B")).to_be_focused()
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator("#reason")).to_have_text("No rank yet: A, C")
    expect(page.locator("#submit")).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("b")
    page.keyboard.press("0")
    expect(page.locator("#order")).to_have_text("D")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    assert not judged().exists()


def test_that_none_is_good_is_said_by_a_key(visit: Open, work: Person) -> None:
    page = visit(work, "/p/letters/work/")
    page.keyboard.press("n")
    expect(page.get_by_label("All of these answers are bad")).to_be_checked()
    expect(page.locator("#reason")).to_have_text("Ready")
    page.keyboard.press("Enter")
    next_task(page, "Saved: all bad")
    assert Judgement.objects.get().all_bad


def test_the_plain_form_by_tab_and_arrows(visit: Open, work: Person) -> None:
    page = visit(work, "/p/letters/work/")
    page.locator("#answer-A .rank input").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#order")).to_have_text("A")
    assert page.locator("#answer-A .rank input:checked").get_attribute("value") == "2"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.answer').id") == "answer-B"


def test_three_tasks_by_mouse(visit: Open, work: Person) -> None:
    page = visit(work, "/p/letters/work/")
    for ranks, saved in (
        ((1, 2, 3, 4), "A > B > C > D"),
        ((2, 2, 1, 1), "C = D > A = B"),
        ((3, 1, 2, 4), "B > C > A > D"),
    ):
        for letter, rank in zip("ABCD", ranks, strict=True):
            page.locator(f"#answer-{letter} .rank").nth(rank - 1).click()
        page.click("#submit")
        next_task(page, f"Saved: {saved}")
    assert judged().count() == 3


def test_dragging_between_lanes(visit: Open, work: Person) -> None:
    page = visit(work, "/p/letters/work/")

    def drag(what: str, lane: int) -> None:
        start = page.locator(what).bounding_box()
        end = page.locator(f".lane[data-rank='{lane}']").bounding_box()
        assert start
        assert end
        page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
        page.mouse.down()
        page.mouse.move(start["x"] + 40, start["y"] + 40, steps=3)
        page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=6)
        page.mouse.up()

    for letter, lane in (("A", 2), ("B", 1), ("C", 3), ("D", 3)):
        drag(f".chip[data-letter={letter}]", lane)
    expect(page.locator("#order")).to_have_text("B > A > C = D")
    drag("#letter-A", 1)
    expect(page.locator("#order")).to_have_text("A = B > C = D")
    page.click("#submit")
    next_task(page, "Saved: A = B > C = D")


def test_by_touch_on_a_phone(visit: Open, work: Person) -> None:
    page = visit(work, "/p/letters/work/", width=390, has_touch=True, is_mobile=True)
    for letter, rank in zip("ABCD", (1, 2, 3, 4), strict=True):
        button = page.locator(f"#answer-{letter} .rank").nth(rank - 1)
        box = button.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44
        button.tap()
    page.tap("#submit")
    next_task(page, "Saved: A > B > C > D")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_script(visit: Open, work: Person) -> None:
    page = visit(work, "/p/letters/work/", java_script_enabled=False)
    for letter, rank in zip("ABC", (2, 1, 3), strict=True):
        page.locator(f"#answer-{letter} .rank").nth(rank - 1).click()
    page.fill("#id_comment", "C is long")
    page.click("#submit")
    assert "D has no rank yet." in page.locator("#problem").inner_text()
    assert page.input_value("#id_comment") == "C is long"
    page.locator("#answer-D .rank").nth(3).click()
    page.click("#submit")
    assert "Saved: B > A > C > D" in page.locator(".messages").inner_text()
    page.click("#skip summary")
    page.locator("#skip label").first.click()
    page.click("#skip button")
    assert "Skipped" in page.locator(".messages").inner_text()
    assert judged().count() == 1


def test_looking_back_at_the_last_one(visit: Open, work: Person) -> None:
    page = visit(work, "/p/letters/work/")
    for digit in "1234":
        page.keyboard.press(digit)
    page.keyboard.press("Enter")
    next_task(page, "Saved: A > B > C > D")
    page.keyboard.press("u")
    expect(page.locator("#task-title")).to_have_text("Look back and revise")
    expect(page.locator("#order")).to_have_text("A > B > C > D")
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    next_task(page, "Changed: B > C > A = D")
    assert page.url.endswith("/p/letters/work/")
    assert judged().get().revision == 2


def test_escape_leads_back_from_skipping_and_reporting(visit: Open, work: Person) -> None:
    page = visit(work, "/p/letters/work/")
    page.keyboard.press("1")
    expect(page.locator("#answer-B")).to_be_focused()
    for key, part in (("s", "#skip"), ("r", "#report")):
        page.keyboard.press(key)
        expect(page.locator(part)).to_have_attribute("open", "")
        page.keyboard.press("Escape")
        expect(page.locator(part)).not_to_have_attribute("open", "")
        expect(page.locator("#answer-B")).to_be_focused()
    page.keyboard.press("2")
    expect(page.locator("#order")).to_have_text("A > B")


def test_skipping_by_keyboard(visit: Open, work: Person) -> None:
    page = visit(work, "/p/letters/work/")
    page.keyboard.press("s")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("#said .message")).to_contain_text("Skipped")
    assert Assignment.objects.get(state="skipped").skip_reason == "unsure"


@pytest.mark.parametrize("width", [390, 1440])
def test_hostile_answers_are_harmless(visit: Open, work: Person, width: int) -> None:
    for prompt in Prompt.objects.all():
        prompt.messages = [{"role": "user", "content": HOSTILE[0] + " " + "C" * 3_000}]
        prompt.save()
        for sample, text in zip(prompt.samples.all(), HOSTILE, strict=True):
            Sample.objects.filter(pk=sample.pk).update(text=text.replace("\x00", ""))
    page = visit(work, "/p/letters/work/", width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".answer-body :is(script, img, svg, iframe)").count() == 0
    assert "⟨U+202E⟩" in page.locator(".answers").inner_text()
    for letter in "ABCD":
        box = page.locator(f"#answer-{letter}").bounding_box()
        assert box
        assert box["height"] < 2_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_in_chinese_light_and_dark_wide_and_narrow(visit: Open, work: Person, scheme: str, width: int) -> None:
    page = visit(work, "/p/letters/work/", width=width, color_scheme=scheme, locale="zh-CN")
    expect(page.locator("#task-title")).to_have_text("给回答排序")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 200) == (scheme == "dark")


def test_the_theme_switch_works_at_once_and_is_remembered(visit: Open, work: Person) -> None:
    page = visit(work, "/")
    page.click("[data-menu] summary")
    with page.expect_response(re.compile("/me/theme/")):
        page.click("button[name=theme][value=dark]")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


@pytest.mark.parametrize("path", ["/", "/p/letters/", "/p/letters/work/", "/p/letters/mine/", "/me/", "/me/tokens/"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility(visit: Open, work: Person, path: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = visit(work, path, color_scheme=scheme, bypass_csp=True)
    rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
    found = Axe().run(page, options=rules)
    assert not found.response["violations"], found.generate_report()


def weight(request: Request) -> int:
    """Bytes on the wire, headers included; a static file compressed, as it lies where files are collected."""
    sizes, (_, static, name) = request.sizes(), request.url.partition("/static/")
    body = len(gzip.compress(Path(str(finders.find(name))).read_bytes())) if static else sizes["responseBodySize"]
    return int(body + sizes["responseHeadersSize"])


def test_pages_weigh_under_100_kb_and_later_tasks_under_15(visit: Open, work: Person) -> None:
    for sample in Sample.objects.all():
        text = "".join(f"{sample.pk} times {n} is {sample.pk * n}, and that is **that**.\n\n" for n in range(40))
        Sample.objects.filter(pk=sample.pk).update(text=text)
    page = visit(work, "/")
    finished: list[Request] = []
    page.on("requestfinished", lambda request: finished.append(request))
    with page.expect_response(re.compile("/work/ahead/")):
        page.goto("/p/letters/work/", wait_until="networkidle")
    first = sum(map(weight, finished))
    assert 20_000 < first < 100_000
    finished.clear()
    with page.expect_response(re.compile("/work/ahead/")):
        for digit in "1234":
            page.keyboard.press(digit)
        page.keyboard.press("Enter")
        next_task(page, "Saved: A > B > C > D")
    page.wait_for_load_state("networkidle")
    later = sum(map(weight, finished))
    assert 500 < later < 15_000


def test_a_project_without_ties_says_so(visit: Open, work: Person, project: Project) -> None:
    Project.objects.update(allow_ties=False)
    page = visit(work, "/p/letters/work/")
    for digit in "1123":
        page.keyboard.press(digit)
    expect(page.locator("#reason")).to_contain_text("No ties here")
    expect(page.locator("#submit")).to_have_attribute("aria-disabled", "true")
