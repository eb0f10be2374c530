"""A manager at the dashboard: it follows the work by itself, on any screen, and works without script."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation import assignment as leases
from annotation import judging
from annotation.models import Person, Project
from tests.browser.conftest import Open
from workers import jobs
from workers.models import Job

pytestmark = pytest.mark.django_db(transaction=True)

DASHBOARD = "/p/letters/dashboard/"
PAGES = ["dashboard", "prompts", "prompts_add", "jobs", "reward_models", "snapshots", "people", "project_settings"]
SOON = 8_000  # ms: a poll every 2.5 s, on a busy machine


def judge(person: Person, project: Project) -> None:
    assignment = leases.lease_next(person=person, project=project)
    verdict = judging.Verdict(judging.overall([[sample] for sample in assignment.shown]), seconds=20)
    judging.submit(assignment=assignment, verdict=verdict)


@pytest.fixture
def busy(project: Project, owner: Person, annotator: Person, fill: Callable[[int], None]) -> Project:
    """Three tasks, one of them judged, and a job that waits."""
    fill(3)
    judge(annotator, project)
    jobs.enqueue(Job.Kind.GENERATE, project=project, by=owner, arguments={})
    return project


def sideways(page: Page) -> int:
    """How many pixels the page scrolls sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_the_numbers_follow_the_work(visit: Open, busy: Project, owner: Person, annotator: Person) -> None:
    page = visit(owner, DASHBOARD)
    expect(page.locator("#tile-judgements")).to_have_text("1")
    page.locator("#throughput-table summary").click()
    page.evaluate("window.stillHere = true")
    judge(annotator, busy)
    expect(page.locator("#tile-judgements")).to_have_text("2", timeout=SOON)
    expect(page.locator("#tile-progress")).to_have_text("66%")
    expect(page.locator("#panel-people")).to_contain_text("anna")
    assert page.evaluate("window.stillHere")  # no reload
    assert page.evaluate("document.getElementById('throughput-table').open")  # what was opened stays open


def test_a_job_moves_and_can_be_cancelled(visit: Open, busy: Project, owner: Person) -> None:
    page = visit(owner, DASHBOARD)
    Job.objects.update(state=Job.State.RUNNING, done=5, total=20, phase="sampling")
    expect(page.locator("#panel-jobs progress")).to_have_attribute("value", "5", timeout=SOON)
    page.get_by_role("button", name="Cancel: Generate answers").click()
    expect(page.locator("#panel-job")).to_contain_text("Stopping")
    assert Job.objects.get().cancel_requested_at


def test_nobody_is_asked_while_nobody_looks(visit: Open, busy: Project, owner: Person) -> None:
    page = visit(owner, DASHBOARD)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    page.wait_for_timeout(4_000)
    # The browser may fetch the page's icon at a moment of its own; a poll asks for the dashboard.
    assert [url for url in asked if "/static/" not in url] == []


def test_without_script(visit: Open, busy: Project, owner: Person) -> None:
    page = visit(owner, DASHBOARD, java_script_enabled=False)
    expect(page.locator("#tile-judgements")).to_have_text("1")
    page.get_by_role("link", name="Add prompts").first.click()
    page.get_by_label("Paste prompts").fill("What is new?\nAnd what is old?")
    page.get_by_label("Have a model answer them right away").uncheck()
    page.get_by_role("button", name="Add prompts").click()
    expect(page.locator(".message.success")).to_have_text("2 prompts were added.")
    page.goto(DASHBOARD)
    page.get_by_role("button", name="Train now").click()
    assert Job.objects.filter(kind=Job.Kind.TRAIN).exists()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_every_page_on_every_screen(visit: Open, busy: Project, owner: Person, width: int, scheme: str) -> None:
    page = visit(owner, width=width, color_scheme=scheme)
    for name in PAGES:
        page.goto(reverse(name, args=["letters"]))
        assert sideways(page) <= 0, name
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_in_chinese(visit: Open, busy: Project, owner: Person) -> None:
    page = visit(owner, DASHBOARD, locale="zh-CN")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.locator("#tile-judgements")).to_have_text("1")


def test_the_first_load_is_light(visit: Open, busy: Project, owner: Person) -> None:
    page = visit(owner)
    sizes: list[int] = []
    page.on("response", lambda response: sizes.append(int(response.headers.get("content-length", 0))))
    page.goto(DASHBOARD)
    page.wait_for_load_state("networkidle")
    assert sum(sizes) < 100_000
