"""The pages that no other browser test opens: accessible on a phone and at a desk, in both themes; and zoomed in."""

from collections.abc import Callable
from functools import partial

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template.loader import render_to_string
from django.utils import timezone
from playwright.sync_api import Page, Route

from annotation import chatting, choosing, judging, reports
from annotation.models import Assignment, Person, Project, Prompt
from annotation.presets import PRESETS
from annotation.projects import invite
from exports import comparison
from exports.models import Snapshot
from exports.snapshot import freeze
from tests.browser.conftest import Open
from tests.chat.conftest import answered, chat, chosen, give, models, said
from webapp.accounts.tokens import make_token
from workers import chatting as sending
from workers import jobs
from workers.models import Job, Webhook, WebhookDelivery

__all__ = ["chat", "give", "models"]

pytestmark = pytest.mark.django_db(transaction=True)

OF_THE_PROJECT = (
    "", "tasks/", "prompts/add/", "prompts/PROMPT/", "models/answering/", "models/standings/", "snapshots/",
    "snapshots/SNAPSHOT/", "snapshots/EARLIER/compare/SNAPSHOT/", "quality/people/OLGA/forget/",
    "settings/", "settings/webhooks/", "settings/audit/", "chats/", "chats/CHAT/", "reports/",
)  # fmt: skip
OTHERS = ("/", "/me/", "/me/tokens/", "/projects/new/", "/api/v1/docs/", "/join/TOKEN/", "/join/unknown/", "/nowhere/")
IN_BOTH = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}  # what a theme may change


@pytest.fixture
def paths(project: Project, owner: Person, fill: Callable[[int], None], chat: Assignment) -> list[str]:
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
    talk = chosen(said(chat, "Hello?", "**Hi**, what a day.", "Ho"))
    reports.report(assignment=chat, reason="personal", candidate_id=talk.shown[0], note="a name")
    reports.report(assignment=chat, reason="unsafe")
    names = {
        "CHAT": str(talk.conversation_id),
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
def test_a_chat_in_all_its_states(
    visit: Open,
    project: Project,
    give: Callable[..., Assignment],
    annotator: Person,
    width: int,
) -> None:
    project.questions = PRESETS["chat"].questions
    project.save()
    chat = give(annotator, answers=3, ranks=True, must_rate=True, instruction="A trip.", system="Be brief.")
    page = visit(annotator, "/healthz", width=width, reduced_motion="reduce")
    problems = {"empty": look(page, chat)}
    turn = sending.send(assignment=chat, text="Where to?")
    problems["answering"] = look(page, chat)
    answered(turn, "To **Rome**.\n\n" + "word " * 300, "`x = 1`", "")
    problems["ready"] = look(page, chat)
    chatting.take_back(turn=turn)
    turn = answered(sending.send(assignment=chat, text="And now?"), "No", "", "")
    problems["failed"] = look(page, chat)
    chatting.take_back(turn=turn)
    chosen(said(chat, "At last?", "A", "B", "C"))
    problems["going on"] = look(page, chat)
    judging.submit(assignment=chat, verdict=choosing.Closing())
    problems["looking back"] = look(page, chat)
    assert {state: said for state, said in problems.items() if said} == {}


def look(page: Page, chat: Assignment) -> list[str]:
    """What is wrong with the page of the conversation, with all that folds out."""
    page.goto(f"/p/letters/work/{chat.pk}/")
    page.evaluate("document.querySelectorAll('#task details').forEach((part) => { part.open = true; })")
    return wrong(page)


@pytest.mark.parametrize("width", [390, 1440])
def test_the_entrance_and_the_errors(visit: Open, db: None, width: int) -> None:
    page = visit(None, "/accounts/login/", width=width, reduced_motion="reduce")
    assert wrong(page) == []
    for template in ("403_csrf.html", "400.html", "500.html"):
        html = render_to_string(template)
        page.route("**/broken/", partial(answer, html))
        page.goto("/broken/")
        assert wrong(page) == []
