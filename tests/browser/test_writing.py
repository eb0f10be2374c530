"""Writing and rating as people meet them: by keyboard, by touch, without script, with near-copies and pasted text."""

import time
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from annotation import assignment as leases
from annotation import judging, wishes
from annotation.models import Judgement, Membership, Person, Project, Prompt
from annotation.presets import PRESETS
from annotation.writing import NewPrompt
from tests.browser.conftest import Open

pytestmark = pytest.mark.django_db(transaction=True)

WORK = "/p/letters/work/"
RAINBOW = "Explain how a rainbow forms to a child of seven years."
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
KINDS = ("demonstrate", "write_prompt", "review_prompt", "rate")


@pytest.fixture
def writer(
    project: Project, owner: Person, annotator: Person, second_annotator: Person, fill: Callable[[int], None]
) -> Person:
    """Two tasks of every kind are open for the annotator; one of the other's prompts waits for a review."""
    project.questions = PRESETS["instructgpt"].questions
    project.prompt_instruction, project.start_from_best = "Ask what you **really** want to know.", True
    project.save()
    fill(2)
    ids = project.prompts.values_list("pk", flat=True)
    wishes.ask_for_demonstrations(project=project, by=owner, prompt_ids=ids)
    wishes.ask_for_ratings(project=project, by=owner, prompt_ids=ids)
    wishes.ask_for_prompts(project=project, by=owner, number=4, language="en")
    for text in (RAINBOW, "Why do cats purr when they are content?"):
        task = leases.lease_next(person=second_annotator, project=project, kind="write_prompt")
        judging.submit(assignment=task, verdict=NewPrompt([{"role": "user", "content": text}]))
    Membership.objects.update(guideline_read=1)
    return annotator


def until(holds: Callable[[], bool]) -> None:
    """Wait for what the server does after the page has gone on."""
    ends = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


def said(kind: str) -> list[Judgement]:
    own = Judgement.objects.current().filter(person__username="anna", task__kind=kind)
    return list(own.select_related("prompt", "sample").order_by("pk"))


def open_kind(visit: Open, person: Person, kind: str, **options: object) -> Page:
    page = visit(person, f"{WORK}?kind={kind}", **options)
    expect(page.locator("#sheet")).to_be_visible()
    return page


def saved(page: Page, words: str) -> None:
    expect(page.locator("#said")).to_contain_text(words)


def test_a_demonstration_by_keyboard(visit: Open, writer: Person) -> None:
    page = open_kind(visit, writer, "demonstrate")
    expect(page.locator("#submit")).to_have_attribute("aria-disabled", "true")
    page.locator("[name=text]").focus()
    page.keyboard.type("Because light bends.")
    expect(page.locator("#order")).to_have_text("your answer, 20 characters")
    page.keyboard.press("Control+Enter")
    saved(page, "Saved: your answer, 20 characters")
    expect(page.locator("#task-title")).to_be_focused()
    (judgement,) = said("demonstrate")
    assert judgement.sample.text == "Because light bends."
    assert judgement.facts == {"typed": 20, "pasted": 0, "largest": 0}
    expect(page.locator("[name=text]")).to_have_value("")


def test_what_is_pasted_is_counted_as_a_fact(visit: Open, writer: Person) -> None:
    page = open_kind(visit, writer, "demonstrate")
    page.locator("[name=text]").focus()
    page.keyboard.type("Typed. ")
    for keys in ("Control+A", "Control+C", "End", "Control+V", "Control+V"):
        page.keyboard.press(keys)
    expect(page.locator("[name=text]")).to_have_value("Typed. " * 3)
    page.keyboard.press("Control+Enter")
    saved(page, "Saved: your answer")
    assert said("demonstrate")[0].facts == {"typed": 7, "pasted": 14, "largest": 7}


def test_starting_from_the_best_keeps_the_edit(
    visit: Open, writer: Person, second_annotator: Person, project: Project
) -> None:
    for _ in range(2):
        ranked = leases.lease_next(person=second_annotator, project=project, kind="rank")
        judging.submit(assignment=ranked, verdict=judging.Verdict(judging.overall([[s] for s in ranked.shown])))
    page = open_kind(visit, writer, "demonstrate")
    page.click(".start summary")
    page.click("text=Start from this answer")
    expect(page.locator("[name=text]")).not_to_have_value("")
    expect(page.locator("[data-started]")).to_be_visible()
    page.keyboard.press("End")
    page.keyboard.type(" More.")
    page.keyboard.press("Control+Enter")
    saved(page, "Saved: your answer")
    (judgement,) = said("demonstrate")
    assert judgement.edited_text == f"{judgement.started_from.text} More."
    assert judgement.facts["typed"] == 6


def test_a_near_copy_is_pointed_out_while_one_types(visit: Open, writer: Person) -> None:
    page = open_kind(visit, writer, "write_prompt")
    expect(page.locator(".brief strong")).to_have_text("really")
    page.fill("[name=text]", RAINBOW + " Be brief.")
    expect(page.locator("#near")).to_contain_text(RAINBOW)
    expect(page.locator("#submit")).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#reason")).to_have_text("Look at the prompts that are much like yours first.")
    expect(page.locator("[name=different]")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    saved(page, "Saved: your prompt")
    (judgement,) = said("write_prompt")
    assert (judgement.prompt.review_state, len(judgement.facts["near"])) == ("pending", 1)


def test_a_conversation_before_the_prompt(visit: Open, writer: Person) -> None:
    page = open_kind(visit, writer, "write_prompt")
    page.click(".before summary")
    page.fill("[name=user_1]", "Where does dew come from?")
    page.fill("[name=assistant_1]", "From the air, at night.")
    page.fill("[name=text]", "Then why is there none under trees?")
    page.click("#submit")
    saved(page, "Saved: your prompt")
    assert [m["role"] for m in said("write_prompt")[0].prompt.messages] == ["user", "assistant", "user"]


def test_reviews_by_keyboard(visit: Open, writer: Person) -> None:
    page = open_kind(visit, writer, "review_prompt")
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#sheet [name=reason]")).to_be_focused()
    page.keyboard.type("Too easy")
    page.keyboard.press("Control+Enter")
    saved(page, "Saved: Rejected")
    expect(page.locator(".conversation")).to_contain_text("Why do cats purr")
    page.keyboard.press("2")
    page.locator("#edits textarea").fill("Why does a cat purr?")
    page.click("#submit")
    saved(page, "Saved: Edited and accepted")
    states = [judgement.prompt.review_state for judgement in said("review_prompt")]
    assert states == ["rejected", "accepted"]
    assert Prompt.objects.filter(original_messages__isnull=False).get().last_turn == "Why does a cat purr?"


def test_rating_by_keyboard(visit: Open, writer: Person) -> None:
    page = open_kind(visit, writer, "rate")
    page.keyboard.press("q")
    for digit in "7531":
        page.keyboard.press(digit)
    expect(page.locator("#order")).to_have_text("4 rated")
    page.keyboard.press("Control+Enter")
    saved(page, "Saved: 4 answers rated")
    (judgement,) = said("rate")
    given = [judgement.ratings[str(sample)]["overall_quality"] for sample in judgement.assignment.shown]
    assert given == [7, 5, 3, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_reload_loses_nothing(visit: Open, writer: Person, kind: str) -> None:
    page = open_kind(visit, writer, kind)
    field = "reason" if kind == "review_prompt" else "comment" if kind == "rate" else "text"
    with page.expect_response("**/draft/"):
        page.fill(f"#sheet [name={field}]", "half of it")
    page.reload()
    expect(page.locator(f"#sheet [name={field}]")).to_have_value("half of it")


def test_without_a_network_it_is_kept_and_sent_later(visit: Open, writer: Person) -> None:
    page = open_kind(visit, writer, "demonstrate")
    page.wait_for_load_state("networkidle")
    page.fill("[name=text]", "Written on a train.")
    page.context.set_offline(True)
    page.click("#submit")
    expect(page.locator("#outbox")).to_be_visible()
    page.context.set_offline(False)
    until(lambda: bool(said("demonstrate")))
    assert said("demonstrate")[0].edited_text == "Written on a train."


def test_by_touch_on_a_phone(visit: Open, writer: Person) -> None:
    phone = {"width": 390, "has_touch": True, "is_mobile": True}
    page = open_kind(visit, writer, "rate", **phone)
    for letter in "ABCD":
        step = page.locator(f"#answer-{letter} .step").nth(4)
        box = step.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44
        step.tap()
    page.tap("#submit")
    saved(page, "Saved: 4 answers rated")
    page.goto(f"{WORK}?kind=demonstrate")
    page.fill("[name=text]", "Tapped in.")
    page.tap("#submit")
    saved(page, "Saved: your answer")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_script(visit: Open, writer: Person) -> None:
    page = visit(writer, f"{WORK}?kind=write_prompt", java_script_enabled=False)
    page.fill("[name=text]", RAINBOW + " Be brief.")
    page.click("#submit")
    expect(page.locator("#problem")).to_contain_text("say whether yours is different")
    expect(page.locator("#near")).to_contain_text(RAINBOW)
    page.check("[name=different]")
    page.click("#submit")
    expect(page.locator(".message.success")).to_contain_text("Saved: your prompt")
    page.goto(f"{WORK}?kind=review_prompt")
    page.check("[value=accept]")
    page.click("#submit")
    expect(page.locator(".message.success")).to_contain_text("Saved: Accepted")
    page.goto(f"{WORK}?kind=rate")
    for letter in "ABCD":
        page.locator(f"#answer-{letter} .step input").nth(2).check()
    page.click("#submit")
    expect(page.locator(".message.success")).to_contain_text("Saved: 4 answers rated")
    page.goto(f"{WORK}?kind=demonstrate")
    page.fill("[name=text]", "Plain.")
    page.click("#submit")
    expect(page.locator(".message.success")).to_contain_text("Saved: your answer")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_barrier(visit: Open, writer: Person, kind: str, scheme: str) -> None:
    page = open_kind(
        visit, writer, kind, bypass_csp=True, color_scheme=scheme, width=1440 if scheme == "light" else 390
    )
    for summary in page.locator("#sheet summary").all():
        summary.click()
    if kind == "write_prompt":
        page.fill("[name=text]", RAINBOW)
        expect(page.locator("#near .near")).to_be_visible()
    check(page)


def check(page: Page) -> None:
    found = Axe().run(page, options=RULES)
    assert not found.response["violations"], found.generate_report()


def test_in_chinese(visit: Open, writer: Person) -> None:
    page = open_kind(visit, writer, "write_prompt", locale="zh-CN")
    expect(page.locator("#task-title")).to_have_text("撰写提示")
    page.fill("[name=text]", "为什么叶子在秋天会变黄？")
    expect(page.locator("#order")).to_have_text("你的提示，12 个字符")
    page.click("#submit")
    saved(page, "已保存：你的提示")


def test_the_pages_of_managers_have_no_barrier(visit: Open, writer: Person, owner: Person, project: Project) -> None:
    pending = Prompt.objects.filter(review_state=Prompt.Review.PENDING).first()
    assert pending
    page = visit(owner, "/p/letters/tasks/", bypass_csp=True)
    for path in ("/p/letters/tasks/", f"/p/letters/prompts/{pending.pk}/", "/p/letters/", "/"):
        page.goto(path)
        check(page)
