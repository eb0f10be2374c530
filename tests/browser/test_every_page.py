"""The pages that no other browser test opens: accessible on a phone and at a desk, in both themes; and zoomed in."""

from collections.abc import Callable
from functools import partial

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template.loader import render_to_string
from django.utils import timezone
from playwright.sync_api import Page, Route

from annotation.models import Person, Project, Prompt
from annotation.projects import invite
from exports import comparison
from exports.models import Snapshot
from exports.snapshot import freeze
from tests.browser.conftest import Open
from webapp.accounts.tokens import make_token
from workers import jobs
from workers.models import Job, Webhook, WebhookDelivery

pytestmark = pytest.mark.django_db(transaction=True)

OF_THE_PROJECT = (
    "", "tasks/", "prompts/add/", "prompts/PROMPT/", "models/answering/", "models/standings/", "snapshots/",
    "snapshots/SNAPSHOT/", "snapshots/EARLIER/compare/SNAPSHOT/", "quality/people/OLGA/forget/",
    "settings/", "settings/webhooks/", "settings/audit/",
)  # fmt: skip
OTHERS = ("/", "/me/", "/me/tokens/", "/projects/new/", "/api/v1/docs/", "/join/TOKEN/", "/join/unknown/", "/nowhere/")
IN_BOTH = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}  # what a theme may change


@pytest.fixture
def paths(project: Project, owner: Person, fill: Callable[[int], None]) -> list[str]:
    """A project with a bit of everything; answers where to find it."""
    fill(2)
    make_token(person=owner, lifetime=None, name="nightly", project=project, rights=[])
    hook = Webhook.objects.create(
        project=project,
        url="https://example.org/" + "hook" * 30,
        events=["snapshot.ready"],
        nonce="n",
        created_by=owner,
    )
    for state, status in (("arrived", 204), ("given_up", 500)):
        WebhookDelivery.objects.create(webhook=hook, event="ping", body="{}", state=state, tries=1, status=status)
    earlier, later = frozen(project, owner), frozen(project, owner, gold="in")
    job = comparison.start(project=project, by=owner, before=earlier, after=later)
    jobs.run(str(job.pk))
    _, token = invite(project=project, role="annotator", by=owner)
    names = {
        "EARLIER": str(earlier.pk),
        "OLGA": str(owner.pk),
        "SNAPSHOT": str(later.pk),
        "PROMPT": str(Prompt.objects.values_list("pk", flat=True)[0]),
        "TOKEN": token,
    }
    found = [*OTHERS, *(f"/p/letters/{path}" for path in OF_THE_PROJECT)]
    for name, value in names.items():
        found = [path.replace(name, value) for path in found]
    return found


def frozen(project: Project, owner: Person, **query: object) -> Snapshot:
    job = jobs.enqueue(Job.Kind.SNAPSHOT, project=project, by=owner, arguments={})
    Job.objects.filter(pk=job.pk).update(state=Job.State.SUCCEEDED, finished_at=timezone.now())
    return freeze(job_id=job.pk, project=project, by=owner, query=query)


def sideways(page: Page) -> int:
    """How many pixels the page scrolls sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def wrong(page: Page) -> list[str]:
    """What axe finds, the colours in both themes, and whether the page scrolls sideways."""
    page.emulate_media(color_scheme="light")
    found = [Axe().run(page)]
    page.emulate_media(color_scheme="dark")
    found.append(Axe().run(page, options=IN_BOTH))
    said = [each.generate_report() for each in found if each.violations_count]
    return [*said, "it scrolls sideways"] if sideways(page) > 0 else said


def answer(html: str, route: Route) -> None:
    route.fulfill(body=html, content_type="text/html")


@pytest.mark.parametrize("width", [390, 1440])
def test_pages_of_somebody_signed_in(visit: Open, paths: list[str], owner: Person, width: int) -> None:
    page = visit(owner, "/healthz", width=width, reduced_motion="reduce")
    problems = {}
    for path in paths:
        page.goto(path)
        problems[path] = wrong(page)
    assert {path: said for path, said in problems.items() if said} == {}


@pytest.mark.parametrize("width", [390, 1440])
def test_the_entrance_and_the_errors(visit: Open, db: None, width: int) -> None:
    page = visit(None, "/accounts/login/", width=width, reduced_motion="reduce")
    assert wrong(page) == []
    for template in ("403_csrf.html", "500.html"):
        html = render_to_string(template)
        page.route("**/broken/", partial(answer, html))
        page.goto("/broken/")
        assert wrong(page) == []
