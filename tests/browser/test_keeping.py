"""While one types: what cannot reach the server stays in this browser, and the page says so in plain words."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from annotation.models import Assignment, Judgement, Person
from tests.browser.conftest import Open, sign_in
from tests.browser.test_flow import WORK, open_work, rank, submit, until

pytestmark = pytest.mark.django_db(transaction=True)

ANSWERS: dict[str, Callable[[Route], None]] = {
    "network": lambda route: route.abort(),
    "502": lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>", content_type="text/html"),
    "429": lambda route: route.fulfill(status=429, body=""),
}


@pytest.fixture
def work(fill: Callable[[int], None], annotator: Person) -> Person:
    fill(4)
    return annotator


def keeping(page: Page) -> str:
    return page.locator("#keeping").inner_text().strip()


def comment_on_server() -> str:
    found = Assignment.objects.live().exclude(draft=None).first()
    return str((found.draft or {}).get("comment", "")) if found else ""


@pytest.mark.parametrize("how", ANSWERS)
def test_a_server_away_while_typing_is_said_and_caught_up_with(visit: Open, work: Person, how: str) -> None:
    page = open_work(visit, work)
    page.route("**/draft/", ANSWERS[how])
    page.fill("#id_comment", "typed meanwhile")
    expect(page.locator("#keeping")).to_contain_text("The server cannot be reached. What you enter is kept")
    page.unroute("**/draft/")
    until(lambda: comment_on_server() == "typed meanwhile")
    until(lambda: keeping(page) == "")


@pytest.mark.parametrize("how", ANSWERS)
def test_a_submit_that_the_server_cannot_take_goes_later_and_counts_once(visit: Open, work: Person, how: str) -> None:
    page = open_work(visit, work)
    page.route("**/submit/", ANSWERS[how])
    submit(page)
    expect(page.locator("#outbox")).to_contain_text("1 kept in this browser")
    page.unroute("**/submit/")
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#said .message.success")).to_have_text("Saved: A > B > C > D")
    expect(page.locator("#outbox")).to_be_hidden()
    assert Judgement.objects.count() == 1


def test_a_session_that_ends_while_typing_is_said_and_loses_nothing(visit: Open, work: Person) -> None:
    page = open_work(visit, work)
    page.context.clear_cookies(name="sessionid")
    page.fill("#id_comment", "in the middle of a word")
    expect(page.locator("#keeping")).to_contain_text("Your session has ended. What you enter is kept")
    page.locator("#keeping").get_by_role("link", name="Sign in").click()
    page.wait_for_url(re.compile("login"))
    sign_in(page, work.username)
    expect(page.locator("#id_comment")).to_have_value("in the middle of a word")
    until(lambda: comment_on_server() == "in the middle of a word")


def test_a_long_text_reaches_the_server_as_well(visit: Open, work: Person) -> None:
    """More than browsers let outlive the page."""
    page = open_work(visit, work)
    page.fill("#id_comment", "长" * 9_000)
    until(lambda: len(comment_on_server()) == 9_000)
    assert keeping(page) == ""


def test_somebody_else_signed_in_here_meanwhile(visit: Open, work: Person, second_annotator: Person) -> None:
    page = open_work(visit, work)
    page.context.clear_cookies(name="sessionid")
    other = page.context.new_page()
    other.goto("/accounts/login/")
    sign_in(other, second_annotator.username)
    expect(other.get_by_role("heading", name="Your projects")).to_be_visible()
    submit(page, "4321")
    expect(page.locator("#outbox")).to_contain_text("not open to whoever is signed in here now")
    other.close()
    page.context.clear_cookies(name="sessionid")
    page.goto("/accounts/login/?next=" + WORK)
    sign_in(page, work.username)
    page.get_by_role("button", name="Open it again").click()
    expect(page.locator("#order")).to_have_text("D > C > B > A")
    page.click("#submit")
    expect(page.locator("#said .message.success")).to_have_text("Saved: D > C > B > A")
    assert Judgement.objects.get().person == work


def test_another_device_goes_on_with_the_draft(visit: Open, work: Person) -> None:
    page = open_work(visit, work)
    with page.expect_response(re.compile("/draft/")):
        rank(page, "213")
    page.close()
    other = visit(work, WORK)
    expect(other.locator("#order")).to_have_text("B > A > C")


def test_what_waited_goes_from_the_first_page_after_signing_in_again(visit: Open, work: Person) -> None:
    page = open_work(visit, work)
    page.context.set_offline(True)
    submit(page)
    expect(page.locator("#outbox")).to_contain_text("1 kept in this browser")
    page.context.clear_cookies(name="sessionid")
    page.context.set_offline(False)
    page.route("**/submit/", lambda route: route.abort())
    page.goto("/accounts/login/")
    sign_in(page, work.username)
    expect(page.locator("#outbox-left")).to_contain_text("1 kept in this browser")
    page.unroute("**/submit/")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#outbox-left")).to_have_text("Saved: A > B > C > D")
    assert Judgement.objects.count() == 1
