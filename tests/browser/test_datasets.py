"""A manager at the datasets: sees what a query finds while asking, freezes again, reads what changed."""

import pytest
from playwright.sync_api import expect

from annotation.intake.taking import take_comparisons
from annotation.models import Person, Project, Ranking
from exports.models import Snapshot
from exports.snapshot import freeze
from tests.browser.conftest import Open
from tests.console.conftest import over
from workers import jobs
from workers.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def snapshot(project: Project, owner: Person) -> Snapshot:
    rows = [{"prompt": f"Why {n}?", "responses": ["Since.", "So."], "ranks": [0, 1], "language": "en"} for n in (1, 2)]
    take_comparisons(project=project, rows=enumerate(rows, 1), by=owner)
    job = over(jobs.enqueue(Job.Kind.SNAPSHOT, project=project, by=owner, arguments={}))
    return freeze(job_id=job.pk, project=project, by=owner, query={})


def test_what_a_query_finds_is_counted_as_it_is_asked(visit: Open, owner: Person, snapshot: Snapshot) -> None:
    page = visit(owner, "/p/letters/snapshots/")
    counted = page.locator("#freeze-count")
    expect(counted.locator("dd").first).to_have_text("2")
    page.get_by_text("Only a part, another split").click()
    page.get_by_label("Only these languages").fill("fr")
    expect(counted).to_contain_text("Nothing judged fits")
    page.get_by_label("Train, %").fill("10")
    expect(counted).to_contain_text("Nothing can be counted yet")


def test_the_same_without_script(visit: Open, owner: Person, snapshot: Snapshot) -> None:
    page = visit(owner, "/p/letters/snapshots/", java_script_enabled=False)
    expect(page.locator("#freeze-count")).to_contain_text("is counted here")
    page.get_by_role("button", name="Count what it finds").click()
    expect(page.locator("#freeze-count dd").first).to_have_text("2")
    expect(page.get_by_label("Train, %")).to_have_value("90")


def test_freeze_again_and_read_what_changed(visit: Open, owner: Person, snapshot: Snapshot) -> None:
    ranking = Ranking.objects.all()[0]
    Ranking.objects.filter(pk=ranking.pk).update(ranks=[1 - rank for rank in ranking.ranks])
    page = visit(owner, f"/p/letters/snapshots/{snapshot.pk}/")
    page.get_by_role("button", name="Freeze again").click()
    expect(page.get_by_role("heading", name="Freeze snapshot")).to_be_visible()
    jobs.run(str(Job.objects.get(kind=Job.Kind.SNAPSHOT, state=Job.State.QUEUED).pk))
    page.locator("dd").get_by_role("link", name="Snapshot").click()
    page.get_by_role("button", name="What changed since").click()
    expect(page.get_by_role("heading", name="Compare snapshots")).to_be_visible()
    jobs.run(str(Job.objects.get(kind=Job.Kind.COMPARE).pk))
    page.get_by_role("link", name="The comparison").click()
    expect(page.get_by_text("turned round", exact=True).first).to_be_visible()
    expect(page.locator("#examples del").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="trl-preference.jsonl").click()
    assert download.value.suggested_filename.startswith("trl-preference")
