"""Hours of flow: the next task is there at once, and neither network nor session nor a second tab loses any work."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet
from playwright.sync_api import Page, expect

from annotation import assignment as leases
from annotation.models import Assignment, Judgement, Person, Project
from tests.browser.conftest import Open, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

WORK = "/p/letters/work/"
OUTBOX = "Object.keys(localStorage).filter((key) => key.startsWith('prefloop-outbox')).length"
CLAIMS = "navigator.locks.query().then(({held}) => held.filter((lock) => lock.name.startsWith('prefloop-task')).length)"
DRAFTS = "Object.keys(localStorage).filter((key) => key.startsWith('prefloop-draft')).map((k) => localStorage[k])"


@pytest.fixture
def work(fill: Callable[[int], None], annotator: Person) -> Person:
    fill(8)
    return annotator


def judged() -> QuerySet[Judgement]:
    return Judgement.objects.current().order_by("pk")


def prompt(page: Page) -> str:
    return page.locator(".conversation .bubble").last.inner_text()


def open_work(visit: Open, person: Person, claims: int = 2) -> Page:
    """The first task, with the next one fetched: `claims` in all."""
    page = visit(person, "/p/letters/")
    page.goto(WORK)
    until(lambda: page.evaluate(CLAIMS) == claims)
    return page


def open_with_nothing_ahead(visit: Open, person: Person) -> tuple[Page, list[Any]]:
    """The page, and where its requests for the next task are kept until the test lets them go on."""
    page, held = visit(person, "/p/letters/"), list[Any]()
    page.route("**/work/ahead/", lambda route: route.fulfill(status=204), times=1)
    page.goto(WORK)
    page.wait_for_load_state("networkidle")
    page.route(re.compile(r"/work/\?holding"), lambda route: held.append(route))
    return page, held


def rank(page: Page, digits: str) -> None:
    for digit in digits:
        page.keyboard.press(digit)


def submit(page: Page, digits: str = "1234") -> None:
    rank(page, digits)
    page.keyboard.press("Enter")


def until(holds: Callable[[], bool]) -> None:
    """Wait for what the server does after the page has gone on."""
    ends = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_the_next_task_is_there_before_the_server_has_answered(visit: Open, work: Person) -> None:
    page = open_work(visit, work)
    held: list[Any] = []
    page.route("**/submit/", lambda route: held.append(route))
    first = prompt(page)
    with page.expect_response(re.compile("/work/ahead/")):
        submit(page)
    expect(page.locator("#said")).to_have_text(re.compile("^Saving: A > B > C > D"))
    second = prompt(page)
    assert second != first
    expect(page.locator("#task-title")).to_be_focused()
    held.pop().continue_()
    expect(page.locator("#said .message.success")).to_have_text("Saved: A > B > C > D")
    expect(page.locator(".day")).to_contain_text("1 judged")
    assert prompt(page) == second
    assert Assignment.objects.live().count() == 2  # the one on the page and the one ahead


def test_the_last_task_of_the_day_is_counted(visit: Open, work: Person, project: Project) -> None:
    Project.objects.update(daily_cap=1)
    page = open_work(visit, work, claims=1)
    submit(page)
    expect(page.locator("#said .message.success")).to_have_text("Saved: A > B > C > D")
    expect(page.locator("#task h1")).to_have_text("That is enough for today")
    expect(page.locator("#task .today")).to_have_text(re.compile("Today: 1 judged"))


def test_offline_in_the_middle_of_a_submit_and_back(visit: Open, work: Person) -> None:
    page = open_work(visit, work)
    page.context.set_offline(True)
    submit(page, "2134")
    expect(page.locator("#outbox")).to_contain_text("Waiting for the network: 1")
    submit(page, "1234")
    expect(page.locator("#task h1")).to_have_text("Waiting for the network")
    assert page.evaluate(OUTBOX) == 2
    assert not judged().exists()
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#said .message.success")).to_have_text("Saved: A > B > C > D")
    expect(page.locator("#ranking")).to_be_visible()
    expect(page.locator("#outbox")).to_be_hidden()
    assert page.evaluate(OUTBOX) == 0
    assert [each.revision for each in judged()] == [1, 1]


def test_what_waits_survives_a_reload_and_counts_once(visit: Open, work: Person) -> None:
    page = open_work(visit, work)
    answered: list[str] = []

    def lose(route: Any) -> None:
        """The server takes it, and the answer is lost on the way; after that the server is down for a while."""
        if not answered:
            route.fetch()
        answered.append(route.request.url)
        route.abort() if len(answered) < 2 else route.fulfill(status=503)

    page.route("**/submit/", lose)
    submit(page)
    expect(page.locator("#outbox")).to_contain_text("Waiting for the network: 1")
    page.get_by_role("button", name="Try now").click()
    page.wait_for_function("document.querySelector('#outbox:not([hidden])')")
    page.reload()
    page.unroute("**/submit/")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#said .message.success")).to_have_text("Saved: A > B > C > D")
    assert len(answered) >= 2
    assert Judgement.objects.count() == 1


@pytest.mark.parametrize("lost", ["sessionid", None])
def test_a_session_that_ended_loses_nothing(visit: Open, work: Person, lost: str | None) -> None:
    page = open_work(visit, work)
    page.context.clear_cookies(name=lost)
    submit(page, "4321")
    expect(page.locator("#outbox")).to_contain_text("Your session has ended: 1 kept")
    rank(page, "2")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("login.*next=.*work"))
    sign_in(page, work.username)
    expect(page.locator("#said .message.success")).to_have_text("Saved: D > C > B > A")
    expect(page.locator("#order")).to_have_text("A")  # and the draft of the task after it
    assert judged().count() == 1


def test_a_draft_survives_a_reload_a_dead_network_and_the_newer_copy_wins(visit: Open, work: Person) -> None:
    page = open_work(visit, work)
    with page.expect_response(re.compile("/draft/")):
        rank(page, "2")
    page.reload()
    expect(page.locator("#order")).to_have_text("A")
    page.route("**/draft/", lambda route: route.abort())
    page.fill("#id_comment", "in the middle of it")
    page.reload()
    expect(page.locator("#id_comment")).to_have_value("in the middle of it")
    now = json.loads(page.evaluate(DRAFTS)[0])["at"]
    assignment = Assignment.objects.live().exclude(draft=None).get()
    assert leases.save_draft(assignment=assignment, draft={"comment": "from another machine", "at": now + 60_000})
    page.reload()
    expect(page.locator("#id_comment")).to_have_value("from another machine")


def test_a_lease_that_ran_out_while_typing_still_counts(visit: Open, work: Person) -> None:
    page = open_work(visit, work)
    rank(page, "12")
    page.wait_for_timeout(600)  # the draft's post has renewed the lease for the last time
    Assignment.objects.live().update(expires_at="2020-01-01T00:00:00Z")
    leases.expire_overdue()
    rank(page, "34")
    page.keyboard.press("Enter")
    expect(page.locator("#said .message.success")).to_have_text("Saved: A > B > C > D")
    assert judged().count() == 1


def test_two_tabs_have_two_tasks(visit: Open, work: Person) -> None:
    page = open_work(visit, work)
    other = page.context.new_page()
    other.goto(WORK)
    expect(other.locator("#ranking")).to_be_visible()
    other.wait_for_function(
        "first => document.querySelector('#task')?.dataset.uuid !== first",
        arg=page.locator("#task").get_attribute("data-uuid"),
    )
    for tab in (page, other, page):
        submit(tab)
        expect(tab.locator("#said .message.success")).to_have_text("Saved: A > B > C > D")
    assert judged().count() == 3
    assert Judgement.objects.count() == 3  # none was judged twice


def test_two_tabs_that_were_opened_on_the_same_task(visit: Open, work: Person) -> None:
    page = open_work(visit, work)
    address = WORK + str(page.locator("#task").get_attribute("data-uuid")) + "/"
    other = page.context.new_page()
    other.goto(address)
    expect(other.locator("#said")).to_contain_text("open in another tab")
    submit(page, "1234")
    expect(page.locator("#said .message.success")).to_have_text("Saved: A > B > C > D")
    expect(other.locator("#said")).to_contain_text("submitted this task in another tab")
    submit(other, "4321")
    expect(other.locator("#said .message.success")).to_have_text("Changed: D > C > B > A")
    assert judged().count() == 1


def test_what_is_ahead_goes_to_others_when_the_page_is_closed(visit: Open, work: Person, project: Project) -> None:
    page = open_work(visit, work)
    ahead = Assignment.objects.live().order_by("leased_at").last()
    assert ahead
    page.goto("/p/letters/mine/")
    until(lambda: Assignment.objects.get(pk=ahead.pk).expires_at - ahead.leased_at < leases.AHEAD / 2)
    page.goto(WORK)  # back in a moment: the same tasks, not others
    page.wait_for_load_state("networkidle")
    assert Assignment.objects.count() == 2


def test_what_the_server_refuses_can_be_mended(visit: Open, work: Person, project: Project) -> None:
    page = open_work(visit, work)
    rank(page, "1123")
    Project.objects.update(allow_ties=False)  # since the page was opened
    page.keyboard.press("Enter")
    expect(page.locator("#outbox")).to_contain_text("does not allow ties")
    page.get_by_role("button", name="Open it again").click()
    expect(page.locator("#order")).to_have_text("A = B > C > D")
    page.keyboard.press("a")
    rank(page, "4")
    page.keyboard.press("Enter")
    expect(page.locator("#said .message.success")).to_have_text("Saved: B > C > D > A")


def uuid(page: Page) -> str:
    return page.locator("#task").get_attribute("data-uuid") or ""


def test_a_slow_server_never_brings_the_same_task_twice(visit: Open, work: Person) -> None:
    """Nothing is ahead yet at the submit, so that the next task is fetched, and asked for ahead, at the same time."""
    page, held = open_with_nothing_ahead(visit, work)
    first = uuid(page)
    submit(page)
    expect(page.locator("#said .message.success")).to_be_visible()
    page.wait_for_timeout(500)  # a question to the server that should not be asked now would be answered by then
    held[0].continue_()
    expect(page.locator("#task")).not_to_have_attribute("data-uuid", first)
    page.wait_for_load_state("networkidle")
    second = uuid(page)
    submit(page)
    expect(page.locator("#task")).not_to_have_attribute("data-uuid", second)
    until(lambda: judged().count() == 2)


def test_a_draft_on_its_way_is_called_back_by_the_submit(visit: Open, work: Person) -> None:
    page = open_work(visit, work)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    held: list[Any] = []
    page.route("**/draft/", lambda route: held.append(route))
    rank(page, "1234")
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/draft/")):
        while not held:
            page.wait_for_timeout(50)
        page.keyboard.press("Enter")
    expect(page.locator("#said .message.success")).to_be_visible()
    assert said == []


def test_two_tabs_that_hold_all_that_one_may(visit: Open, work: Person) -> None:
    """The next task can only come once the server has heard of the submit."""
    page = open_work(visit, work)
    other = page.context.new_page()
    other.goto(WORK)
    expect(other.locator("#task")).not_to_have_attribute("data-uuid", uuid(page))
    others_first = uuid(other)
    held: list[Any] = []
    other.route("**/submit/", lambda route: held.append(route), times=1)
    with other.expect_response(re.compile(r"/work/\?holding")):
        submit(other)
    held.pop().continue_()
    expect(other.locator("#said .message.success")).to_have_text("Saved: A > B > C > D")
    expect(other.locator("#task")).not_to_have_attribute("data-uuid", others_first)
    expect(other.locator("#ranking")).to_be_visible()
    submit(other)
    until(lambda: judged().count() == 2)
    assert Judgement.objects.count() == 2
    assert "another tab" not in other.locator("#said").inner_text()


def test_undo_while_the_next_task_is_on_its_way(visit: Open, work: Person) -> None:
    page, held = open_with_nothing_ahead(visit, work)
    first = uuid(page)
    submit(page)
    expect(page.locator("#said .message.success")).to_be_visible()
    page.click("#undo")
    with page.expect_response(re.compile(r"/work/\?holding")):
        held.pop().continue_()
    until(lambda: page.evaluate(CLAIMS) == 2)
    assert uuid(page) == first
    submit(page, "4321")
    expect(page.locator("#task")).not_to_have_attribute("data-uuid", first)
    until(lambda: [each.rankings.get().ranks for each in judged()] != [])
    assert judged().count() == 1
