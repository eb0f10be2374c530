"""A live chat in a real browser: by keyboard, on a phone, without script, in Chinese, with the network away."""

import time
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from annotation import assignment as leases
from annotation import chatting
from annotation.models import Assignment, Candidate, Judgement, Person, Project, Report, Turn
from annotation.presets import PRESETS
from tests.browser.conftest import sign_in
from tests.chat.conftest import answered, give, models, said
from workers import live

__all__ = ["give", "models"]

pytestmark = pytest.mark.django_db(transaction=True)
Open = Callable[..., Page]
WORK = "/p/letters/work/"


@pytest.fixture
def chat(give: Callable[..., Assignment], annotator: Person) -> Assignment:
    return give(annotator)


def open_turn() -> Turn:
    """The turn that the page has just sent."""
    for _ in range(200):
        if turn := Turn.objects.open().first():
            return turn
        time.sleep(0.05)
    raise AssertionError("nothing was sent")


def fine(page: Page) -> None:
    found = Axe().run(page)
    assert not found.violations_count, found.generate_report()


def test_by_keyboard_alone(visit: Open, chat: Assignment, annotator: Person) -> None:
    page = visit(annotator, WORK)
    fine(page)
    page.locator("#message textarea").focus()
    page.keyboard.type("Hello?")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("I mean it.")
    page.keyboard.press("Enter")
    expect(page.locator("#chat-live")).to_be_visible()
    turn = open_turn()
    assert turn.text == "Hello?\nI mean it."
    first, second = turn.candidates.all()
    telling = live.Telling(turn.pk, "1.1")
    telling.say({first.pk: "Once upon", second.pk: "<b>x"}, now=True)
    expect(page.locator(f"[data-candidate='{first.pk}']")).to_have_text("Once upon")
    expect(page.locator(f"[data-candidate='{second.pk}']")).to_have_text("<b>x")
    telling.say({first.pk: "Once upon a time"}, now=True)
    expect(page.locator(f"[data-candidate='{first.pk}']")).to_have_text("Once upon a time")
    fine(page)
    answered(turn, "Once upon a time, **there**.", "<b>x")
    expect(page.locator("#choice strong")).to_have_text("there")
    expect(page.locator("#chat-status")).to_have_text("The answers are here.")
    expect(page.locator(".turn-title")).to_be_focused()
    fine(page)
    page.keyboard.press("2")
    expect(page.locator("#message textarea")).to_be_focused()
    turn.refresh_from_db()
    assert turn.winner_id == second.pk
    assert Judgement.objects.get().seconds is not None
    page.keyboard.press("Tab")
    page.locator(".chat-end > summary").press("Enter")
    page.locator("#closing textarea").fill("Short.")
    page.locator("#closing button").press("Enter")
    expect(page.locator("h1")).to_have_text("Nothing left to do")
    expect(page.locator("#said")).to_contain_text("Saved")
    assert Judgement.objects.get(task=chat.task).comment == "Short."


def test_on_a_phone_by_touch_in_the_dark_and_in_chinese(visit: Open, chat: Assignment, annotator: Person) -> None:
    page = visit(annotator, WORK, width=390, has_touch=True, is_mobile=True, color_scheme="dark", locale="zh-CN")
    page.locator("#message textarea").fill("你好")
    page.locator("#message button").tap()
    turn = open_turn()
    expect(page.locator("#chat-live h2")).to_contain_text("正在生成回答")
    answered(turn, "你好！", "您好！")
    expect(page.locator(".pick").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    fine(page)
    page.locator(".pick").first.tap()
    expect(page.locator("#message")).to_be_visible()
    fine(page)


def test_without_script(visit: Open, chat: Assignment, annotator: Person) -> None:
    page = visit(annotator, WORK, java_script_enabled=False)
    page.fill("#message textarea", "Hello?")
    page.click("#message button")
    page.click("text=Look whether they are here")
    turn = answered(open_turn(), "Hi", "Ho")
    page.click("text=Look whether they are here")
    page.locator(".pick").nth(1).click()
    expect(page.locator("#message textarea")).to_be_visible()
    turn.refresh_from_db()
    assert turn.winner_id == turn.shown[1]


def test_a_reload_brings_everything_back(visit: Open, chat: Assignment, annotator: Person) -> None:
    page = visit(annotator, WORK)
    page.locator("#message textarea").press_sequentially("Half a mess")
    page.reload()
    expect(page.locator("#message textarea")).to_have_value("Half a mess")
    page.locator("#message textarea").press("Enter")
    turn = open_turn()
    page.reload()
    expect(page.locator("#chat-live")).to_be_visible()
    answered(turn, "Hi", "Ho")
    expect(page.locator(".pick").first).to_be_visible()
    page.reload()
    expect(page.locator(".pick").first).to_be_visible()


def test_what_is_sent_without_a_network_goes_when_it_is_back(visit: Open, chat: Assignment, annotator: Person) -> None:
    page = visit(annotator, WORK)
    context: BrowserContext = page.context
    page.fill("#message textarea", "Hello?")
    context.set_offline(True)
    page.keyboard.press("Enter")
    expect(page.locator("#chat-network")).to_be_visible()
    context.set_offline(False)
    expect(page.locator("#chat-live")).to_be_visible()
    turn = answered(open_turn(), "Hi", "Ho")
    expect(page.locator(".pick").first).to_be_visible()
    context.set_offline(True)
    page.keyboard.press("1")
    expect(page.locator("#chat-network")).to_be_visible()
    context.set_offline(False)
    expect(page.locator("#message")).to_be_visible()
    assert Judgement.objects.count() == 1
    turn.refresh_from_db()
    assert turn.state == Turn.State.DONE


def test_a_second_tab_sees_what_the_first_sent(visit: Open, chat: Assignment, annotator: Person) -> None:
    first = visit(annotator, f"{WORK}{chat.pk}/")
    second = visit(annotator, f"{WORK}{chat.pk}/")
    first.fill("#message textarea", "From the first")
    first.keyboard.press("Enter")
    expect(first.locator("#chat-live")).to_be_visible()
    second.fill("#message textarea", "From the second")
    second.keyboard.press("Enter")
    expect(second.locator(".message.error")).to_contain_text("From the second")
    expect(second.locator("#chat-live")).to_be_visible()
    assert Turn.objects.count() == 1


def test_all_are_put_in_order_by_keys(
    visit: Open, give: Callable[..., Assignment], annotator: Person, project: Project
) -> None:
    project.questions = PRESETS["chat"].questions
    project.save()
    give(annotator, answers=3, ranks=True)
    page = visit(annotator, WORK)
    page.fill("#message textarea", "Hello?")
    page.keyboard.press("Enter")
    turn = answered(open_turn(), "A", "B", "C")
    expect(page.locator("#choice")).to_be_visible()
    fine(page)
    for digit in "213":
        page.keyboard.press(digit)
    page.locator("#submit").press("Enter")
    expect(page.locator("#message")).to_be_visible()
    turn.refresh_from_db()
    assert chatting.winner_of(turn).pk == turn.shown[1]
    assert [len(group) for group in Judgement.objects.get().rankings.get().groups] == [1, 1, 1]


def test_too_few_answers_are_said_and_asked_for_again(visit: Open, chat: Assignment, annotator: Person) -> None:
    page = visit(annotator, WORK)
    page.fill("#message textarea", "Hello?")
    page.keyboard.press("Enter")
    turn = answered(open_turn(), "Hi", "")
    expect(page.locator(".turn-title")).to_have_text("Too few answers came")
    fine(page)
    page.click("text=Ask again for what is missing")
    expect(page.locator("#chat-live")).to_be_visible()
    assert turn.candidates.filter(state=Candidate.State.WANTED).count() == 1


def test_an_answer_is_reported_by_keys_while_the_conversation_goes_on(
    visit: Open, chat: Assignment, annotator: Person, owner: Person
) -> None:
    page = visit(annotator, WORK)
    page.fill("#message textarea", "Hello?")
    page.keyboard.press("Enter")
    expect(page.locator("#chat-live")).to_be_visible()
    turn = answered(open_turn(), "Hi, I am 0123 456", "Ho")
    expect(page.locator(".turn-title")).to_be_focused()
    page.keyboard.press("r")
    expect(page.locator("#report-about")).to_be_focused()
    page.select_option("#report-about", label="Answer B")
    page.locator("#report-form input[value=personal]").check()
    page.locator("#report-note").fill("a number")
    fine(page)
    page.keyboard.press("Tab")
    page.locator("#report-form button").press("Enter")
    expect(page.locator("#said")).to_contain_text("a manager looks at it")
    report = Report.objects.get()
    assert (report.candidate_id, report.note) == (turn.shown[1], "a number")
    page.locator(".pick").first.click()
    expect(page.locator("#message")).to_be_visible()
    assert page.locator("#report-about option").count() == 2  # the conversation, and the answer that won
    manager = visit(owner, "/p/letters/reports/", width=390)
    expect(manager.locator(".report")).to_contain_text("Ho")
    manager.locator(".report-context > summary").click()
    fine(manager)
    manager.click("text=Take the answer out")
    expect(manager.locator("main")).to_contain_text("the report is closed")
    assert Report.objects.get().verdict == Report.Verdict.UPHELD


def test_a_conversation_is_reported_without_script(visit: Open, chat: Assignment, annotator: Person) -> None:
    page = visit(annotator, WORK, java_script_enabled=False)
    page.click("text=Report an answer or the conversation")
    page.check("#report-form input[value=language]")
    page.click("#report-form button")
    expect(page.locator("main")).to_contain_text("a manager looks at it")
    assert Report.objects.get().candidate is None


def test_with_a_tie_at_the_top_one_says_how_it_goes_on(
    visit: Open, give: Callable[..., Assignment], annotator: Person
) -> None:
    give(annotator, answers=3, ranks=True)
    page = visit(annotator, WORK, width=390)
    page.fill("#message textarea", "Hello?")
    page.locator("#message button").click()
    turn = answered(open_turn(), "A", "B", "C")
    expect(page.locator("#choice")).to_be_visible()
    expect(page.locator("#tied-top")).to_be_hidden()
    page.locator(".turn-title").focus()
    for digit in "121":
        page.keyboard.press(digit)
    expect(page.locator("#tied-top")).to_be_visible()
    assert page.locator("#tied-top option:not([disabled])").all_text_contents() == [
        "the one that is shown first", "A", "C",
    ]  # fmt: skip
    page.select_option("#tied-top select", label="C")
    fine(page)
    page.locator("#submit").click()
    expect(page.locator("#message")).to_be_visible()
    turn.refresh_from_db()
    assert (turn.winner_id, turn.chosen_by) == (turn.shown[2], Turn.ChosenBy.PERSON)
    assert [len(group) for group in Judgement.objects.get().rankings.get().groups] == [2, 1]


def test_marks_made_without_a_network_survive_a_reload(
    visit: Open, give: Callable[..., Assignment], annotator: Person
) -> None:
    chat = give(annotator, answers=3, ranks=True)
    turn = said(chat, "Hello?", "A", "B", "C")
    page = visit(annotator, f"{WORK}{chat.pk}/")
    page.route("**/chat/draft/", lambda route: route.abort())
    page.locator("#choice .remarks > summary").click()
    page.fill("#choice textarea", "Hard to say.")
    page.locator(".turn-title").focus()
    for digit in "21":
        page.keyboard.press(digit)
    page.reload()
    expect(page.locator("#order")).to_have_text("B > A")
    expect(page.locator("#choice textarea")).to_have_value("Hard to say.")
    page.unroute("**/chat/draft/")
    page.locator("#answer-C").focus()
    page.keyboard.press("3")
    page.locator("#submit").click()
    expect(page.locator("#message")).to_be_visible()
    expect(page.locator("#message textarea")).to_have_value("")
    turn.refresh_from_db()
    assert turn.winner_id == turn.shown[1]
    assert Judgement.objects.get().comment == "Hard to say."


def test_a_session_that_ended_costs_no_message(visit: Open, chat: Assignment, annotator: Person) -> None:
    page = visit(annotator, WORK)
    page.locator("#message textarea").press_sequentially("Not to be lost")
    page.context.clear_cookies()
    page.keyboard.press("Enter")
    expect(page.locator("[name=login]")).to_be_visible()
    sign_in(page, annotator.username)
    expect(page.locator("#message textarea")).to_have_value("Not to be lost")
    page.locator("#message textarea").press("Enter")
    expect(page.locator("#chat-live")).to_be_visible()
    assert open_turn().text == "Not to be lost"
    page.context.clear_cookies()
    expect(page.locator("[name=login]")).to_be_visible()  # while the answers are written: said at once, not for ever
    answered(open_turn(), "Hi", "Ho")
    sign_in(page, annotator.username)
    expect(page.locator(".pick").first).to_be_visible()


def test_a_worker_lost_in_the_middle_is_said_and_another_begins_anew(
    visit: Open, chat: Assignment, annotator: Person
) -> None:
    page = visit(annotator, WORK)
    page.fill("#message textarea", "Hello?")
    page.keyboard.press("Enter")
    turn = open_turn()
    first, second = turn.candidates.all()
    live.Telling(turn.pk, "1.1").say({first.pk: "Half an ans"}, now=True)
    expect(page.locator(f"[data-candidate='{first.pk}']")).to_have_text("Half an ans")
    live.Telling(turn.pk, "1.2").say({second.pk: "Another worker"}, now=True)
    expect(page.locator(f"[data-candidate='{second.pk}']")).to_have_text("Another worker")
    expect(page.locator(f"[data-candidate='{first.pk}']")).to_have_text("")
    answered(turn, "A whole answer", "Another worker's answer")
    expect(page.locator(".pick").first).to_be_visible()


def test_a_chat_that_comes_after_a_ranking_works_as_any_other(
    visit: Open, chat: Assignment, annotator: Person, project: Project, fill: Callable[[int], None]
) -> None:
    fill(1)
    ranking = leases.lease_next(person=annotator, project=project, kind="rank", holding=[chat.pk])
    page = visit(annotator, f"{WORK}{ranking.pk}/")
    expect(page.locator("#ranking")).to_be_visible()
    for digit in "1234":
        page.keyboard.press(digit)
    page.keyboard.press("Enter")
    expect(page.locator("#message textarea")).to_be_visible()
    expect(page.locator("body.scripted .by-keys")).to_be_visible()  # its modules are here
    page.locator("#message textarea").fill("Hello?")
    page.keyboard.press("Enter")
    expect(page.locator("#chat-live")).to_be_visible()
    assert open_turn().text == "Hello?"


def test_a_pause_keeps_the_conversation(visit: Open, chat: Assignment, annotator: Person) -> None:
    said(chat, "Hello?", "Hi", "Ho")
    page = visit(annotator, WORK)
    expect(page.locator(".turn-title")).to_be_visible()
    page.locator("h1").click()
    page.keyboard.press("p")
    page.wait_for_url("**/day/")
    assert not Assignment.objects.live().exists()
    page.get_by_role("link", name="Go on").click()
    expect(page.locator(".pick")).to_have_count(2)
    assert Assignment.objects.live().get().pk == chat.pk


def test_while_one_types_a_lost_session_is_said(visit: Open, chat: Assignment, annotator: Person) -> None:
    page = visit(annotator, WORK)
    page.context.clear_cookies(name="sessionid")
    page.locator("#message textarea").fill("In the middle of")
    expect(page.locator("#keeping")).to_contain_text("Your session has ended. What you enter is kept")
    page.locator("#keeping").get_by_role("link", name="Sign in").click()
    page.wait_for_url("**/accounts/login/**")
    sign_in(page, annotator.username)
    expect(page.locator("#message textarea")).to_have_value("In the middle of")
