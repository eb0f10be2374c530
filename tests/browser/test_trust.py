"""What managers and reviewers meet: quality, people, gold, review and reports, on every screen and without script."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from annotation import assignment as leases
from annotation import gold, judging, reports
from annotation.models import Gold, Membership, Person, Project, Report, Review, Role, Task
from tests.browser.conftest import Open

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def judged(
    project: Project,
    owner: Person,
    annotator: Person,
    second_annotator: Person,
    fill: Callable[[int], None],
) -> Project:
    """Three tasks judged by two, of which one is disputed; a gold task; a report."""
    project.overlap = project.max_overlap = 2
    project.save()
    fill(4)
    first = project.tasks.order_by("pk").first()
    for person in (annotator, second_annotator):
        for number in range(3):
            given = leases.lease_next(person=person, project=project)
            backwards = number == 0 and person == second_annotator
            ids = sorted(given.shown, reverse=backwards)
            verdict = judging.Verdict(judging.overall([[s] for s in ids]), seconds=30, comment="Clear to me.")
            judging.submit(assignment=given, verdict=verdict)
    last = leases.lease_next(person=annotator, project=project)
    reports.report(assignment=last, reason="broken", sample_id=last.shown[0], note="It stops in the middle.")
    gold.make(task=project.tasks.exclude(pk=first.pk).last(), groups=[[s] for s in last.task.sample_ids], by=owner)
    return project


def pages(project: Project, person: Person) -> list[str]:
    disputed, known = Task.objects.get(review_wanted_at__isnull=False), Gold.objects.get()
    names = ("quality", "golds", "reviews", "reports", "people", "project_settings")
    return [
        *(reverse(name, args=[project.slug]) for name in names),
        reverse("person", args=[project.slug, person.pk]),
        reverse("gold", args=[project.slug, known.task_id]),
        reverse("review", args=[project.slug, disputed.pk]),
    ]


@pytest.mark.parametrize(
    ("width", "scheme", "locale"), [(390, "dark", "zh-CN"), (1440, "light", "en-GB"), (720, "light", "zh-CN")]
)
def test_every_page_on_every_screen(
    visit: Open, judged: Project, owner: Person, annotator: Person, width: int, scheme: str, locale: str
) -> None:
    page = visit(owner, width=width, color_scheme=scheme, locale=locale)
    for path in pages(judged, annotator):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, path
        found = Axe().run(page)
        assert found.violations_count == 0, (path, found.generate_report())


def test_a_reviewer_overrules_by_keyboard(
    visit: Open, judged: Project, viewer: Person, annotator: Person, second_annotator: Person
) -> None:
    Membership.objects.filter(person=viewer).update(role=Role.REVIEWER)
    page = visit(viewer, "/p/letters/")
    page.get_by_role("link", name="Review", exact=True).press("Enter")
    page.get_by_role("link", name="Start").press("Enter")
    expect(page.locator(".said-table")).to_contain_text("A > B > C > D")
    expect(page.locator(".said-table")).to_contain_text("D > C > B > A")
    for name in (annotator.username, second_annotator.username):
        expect(page.locator("main")).not_to_contain_text(name)
    for number, fieldset in enumerate(page.locator("fieldset.ranks").all(), 1):
        fieldset.locator("input").nth(number - 1).press("Space")
    page.get_by_label("My own order holds").press("Space")
    page.get_by_label("Note").fill("The first is plainly right.")
    page.get_by_role("button", name="Rule, and to the next").press("Enter")
    expect(page.locator(".message.success")).to_have_text("Your ruling is kept.")
    ruling = Review.objects.get()
    assert (ruling.verdict, list(ruling.orders)) == ("overruled", ["overall"])


def test_a_manager_acts_without_script(visit: Open, judged: Project, owner: Person, annotator: Person) -> None:
    page = visit(owner, "/p/letters/quality/", java_script_enabled=False)
    page.get_by_role("link", name="Reports").click()
    page.get_by_role("button", name="Take the answer out").click()
    expect(page.locator(".message.success")).to_have_text("Done: the report is closed.")
    assert Report.objects.get().verdict == Report.Verdict.UPHELD
    page.get_by_role("link", name="Figures").click()
    page.locator(".reliability").get_by_role("link", name="anna").click()
    page.get_by_label("Cohorts").fill("night shift")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".person-head")).to_contain_text("paused")
    member = Membership.objects.get(person=annotator)
    assert (member.cohorts, member.paused_at is not None) == (["night shift"], True)
