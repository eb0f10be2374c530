"""Reading well and acting on it: undo, reports, differences, folding, layouts, zoom, what changed in the guideline."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from annotation import projects
from annotation.models import Assignment, Judgement, Membership, Person, Project, Report, Sample
from tests.browser.conftest import Open
from tests.browser.test_flow import open_work, prompt, rank, submit

pytestmark = pytest.mark.django_db(transaction=True)

WORK = "/p/letters/work/"
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.fixture
def work(fill: Callable[[int], None], annotator: Person) -> Person:
    fill(4)
    return annotator


def write(texts: list[str]) -> None:
    """The same answers for every task."""
    for i, sample in enumerate(Sample.objects.order_by("id")):
        Sample.objects.filter(pk=sample.pk).update(text=texts[i % len(texts)])


def test_undo_by_key_and_button(visit: Open, work: Person) -> None:
    page = open_work(visit, work)
    first = prompt(page)
    submit(page, "2134")
    expect(page.locator("#said .message.success")).to_have_text("Saved: B > A > C > D")
    second = prompt(page)
    page.keyboard.press("z")
    assert prompt(page) == first
    expect(page.locator("#order")).to_have_text("B > A > C > D")
    expect(page.locator("#said")).to_contain_text("Taken back")
    assert not Judgement.objects.current().exists()
    page.keyboard.press("a")
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    expect(page.locator("#said .message.success")).to_have_text("Changed: B > C > A = D")
    assert prompt(page) == second  # it has waited behind the one that was taken back
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#order")).to_have_text("B > C > A = D")


def test_undo_of_what_is_not_sent_yet(visit: Open, work: Person) -> None:
    page = open_work(visit, work)
    page.context.set_offline(True)
    submit(page, "1234")
    expect(page.locator("#outbox")).to_contain_text("Waiting for the network: 1")
    page.keyboard.press("z")
    expect(page.locator("#order")).to_have_text("A > B > C > D")
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.keyboard.press("Enter")
    expect(page.locator("#said .message.success")).to_have_text("Saved: A > B > C > D")
    assert Judgement.objects.get().revision == 1


def test_a_report_by_keyboard(visit: Open, work: Person) -> None:
    page = open_work(visit, work)
    page.keyboard.press("r")
    expect(page.locator("#report-about")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("cut off in the middle")
    first = prompt(page)
    page.locator("#report-form button").click()
    expect(page.locator("#said")).to_contain_text("Reported")
    assert prompt(page) == first  # one goes on ranking
    report = Report.objects.get()
    assert report.reason == "broken"
    assert report.sample_id == Assignment.objects.get(task=report.task).shown[1]
    page.keyboard.press("r")
    page.locator("#report-form").get_by_label("Unsafe").check()
    page.locator("#report-form").get_by_label("Skip this task as well").check()
    page.locator("#report-form button").click()
    expect(page.locator("#said")).to_contain_text("Reported")
    assert prompt(page) != first
    assert Assignment.objects.filter(state="skipped").count() == 1


def test_a_pause_keeps_what_was_begun(visit: Open, work: Person) -> None:
    page = open_work(visit, work)
    rank(page, "21")
    page.keyboard.press("p")
    page.wait_for_url(re.compile("/day/"))
    assert not Assignment.objects.live().exists()
    page.click("text=Go on with what you began")
    expect(page.locator("#order")).to_have_text("B > A")


def test_differences_also_of_chinese(visit: Open, work: Person) -> None:
    write(["The cat sat on the mat.", "The dog sat on the mat.", "我喜欢吃苹果。", "我喜欢吃香蕉。"])
    page = open_work(visit, work)
    page.keyboard.press("v")
    dialog = page.locator("#differences")
    expect(dialog).to_be_visible()
    letters = {card.locator(".answer-body").inner_text().strip(): card.get_attribute("data-letter") for card in
               page.locator(".answer").all()}  # fmt: skip
    for pair, marked in (
        (("The cat sat on the mat.", "The dog sat on the mat."), ("cat", "dog")),
        (("我喜欢吃苹果。", "我喜欢吃香蕉。"), ("苹果", "香蕉")),
    ):
        page.select_option("#differences-one", letters[pair[0]])
        page.select_option("#differences-other", letters[pair[1]])
        assert (dialog.locator("del").inner_text(), dialog.locator("ins").inner_text()) == marked
        expect(dialog.locator("#differences-share")).to_contain_text("% of the words are the same")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    rank(page, "1")
    expect(page.locator("#order")).to_have_text("A")


def test_long_answers_fold(visit: Open, work: Person) -> None:
    write(["A long one.\n\n" + ("Word after word. " * 60 + "\n\n") * 15, "Short."])
    page = open_work(visit, work)
    expect(page.locator(".folded")).to_have_count(2)
    button = page.locator(".fold").first
    assert button.get_attribute("aria-expanded") == "false"
    button.click()
    expect(page.locator(".folded")).to_have_count(1)
    page.keyboard.press("o")
    expect(page.locator(".folded")).to_have_count(0)


@pytest.mark.parametrize("layout", ["auto", "row", "stacked"])
@pytest.mark.parametrize("width", [390, 720, 1440])
def test_nine_answers_fit_every_width_and_layout(
    visit: Open, annotator: Person, fill: Callable[..., None], width: int, layout: str
) -> None:
    """720 pixels are a wide screen at 200% zoom."""
    fill(2, 9)
    page = visit(annotator, WORK, width=width)
    expect(page.locator(".segments [data-layout=stacked]")).to_be_visible()
    if layout != "auto":  # it is so at first; a narrow screen does not offer it
        page.click(f".segments [data-layout={layout}]")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    rank(page, "123456789")
    page.keyboard.press("Enter")
    expect(page.locator("#said .message.success")).to_contain_text("A > B > C")
    assert page.locator(".answers").get_attribute("data-layout") == layout  # the next task keeps it


def test_a_phone_offers_the_layouts_that_differ_there(visit: Open, work: Person) -> None:
    page = visit(work, WORK, width=390)
    layouts = page.get_by_role("group", name="Layout").get_by_role("button")
    expect(layouts).to_have_text(["Side by side", "Stacked"])
    expect(layouts.last).to_have_attribute("aria-pressed", "true")
    layouts.first.click()
    expect(layouts.last).to_have_attribute("aria-pressed", "false")
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(layouts).to_have_text(["Grid", "Side by side", "Stacked"])


def test_zoomed_in_the_text_has_the_window_and_chips_stay_in_their_lane(
    visit: Open, annotator: Person, fill: Callable[..., None]
) -> None:
    """720 × 450 is a laptop's window at 200% zoom."""
    fill(2, 9)
    page = visit(annotator, WORK, viewport={"width": 720, "height": 450})
    assert page.locator(".bar").evaluate("bar => bar.getBoundingClientRect().top > innerHeight")
    outside = """lanes => lanes.filter(lane => [...lane.querySelectorAll(".chip")].some(
        chip => chip.getBoundingClientRect().right > lane.getBoundingClientRect().right)).length"""
    assert page.locator(".lane").evaluate_all(outside) == 0


def test_the_focus_is_seen(visit: Open, work: Person) -> None:
    page = visit(work, WORK)
    page.wait_for_load_state("networkidle")
    for _ in range(40):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => {
              const at = document.activeElement;
              const shown = at.matches(".rank input") ? at.nextElementSibling : at;
              const style = getComputedStyle(shown);
              return at === document.body || (style.outlineStyle !== "none" && style.outlineWidth !== "0px")
                || style.boxShadow !== "none";
            }"""
        )
        assert seen, page.evaluate("document.activeElement.outerHTML")


def test_what_changed_in_the_guideline(visit: Open, work: Person, project: Project, owner: Person) -> None:
    Membership.objects.update(guideline_read=1)
    page = open_work(visit, work)
    projects.write_guideline(project=project, text="# Rank\nThe best one first.", by=owner)
    submit(page)
    expect(page.locator("#said .message.success")).to_be_visible()
    page.wait_for_load_state("networkidle")
    submit(page)
    page.locator("#guideline-changed").get_by_role("link", name="See what changed").click()
    expect(page.locator("#changes ins")).to_have_text("The best one")


def axe(page: Page) -> None:
    found = Axe().run(page, options=RULES)
    assert not found.response["violations"], found.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible_with_everything_open(
    visit: Open, work: Person, project: Project, owner: Person, scheme: str
) -> None:
    write(["Long.\n\n" + "Word after word. " * 900, "| a | b |\n|---|---|\n| 1 | $x^2$ |", "مرحبا بالعالم", "`code`"])
    Membership.objects.update(guideline_read=1)
    projects.write_guideline(project=project, text="# Rank\nThe best one first.", by=owner)
    options: dict[str, Any] = {"color_scheme": scheme, "bypass_csp": True}
    page = visit(work, WORK, **options)
    page.wait_for_load_state("networkidle")
    submit(page)
    expect(page.locator("#said .message.success")).to_be_visible()
    page.keyboard.press("r")
    page.locator("#skip summary").click()
    page.click("[data-layout=row]")
    axe(page)
    page.locator("#answer-A").focus()
    page.keyboard.press("v")
    axe(page)
    for path in ("/p/letters/day/", "/p/letters/mine/", "/p/letters/guideline/"):
        page.goto(path)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1440
