"""Settings of gold, qualification and overlap; cohorts and the tasks that are kept for them; the dashboard's tiles."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from annotation import assignment as leases
from annotation import cohorts, projects
from annotation.models import AuditEvent, Person, Project, Task

SETTINGS, TRUST = reverse("project_settings", args=["letters"]), reverse("trust_write", args=["letters"])
PEOPLE, KEEP = reverse("people", args=["letters"]), reverse("cohort_keep", args=["letters"])
Fill = Callable[[int], None]
AS_IT_IS = {
    "max_overlap": "",
    "agreement_floor": "70",
    "gold_share": "0",
    "qualification_tasks": "0",
    "qualification_pass": "70",
    "qualification_tries": "2",
}


def test_it_works(manager: Client, project: Project) -> None:
    sent = {**AS_IT_IS, "max_overlap": "3", "gold_share": "7.5", "agreement_floor": "66", "show_agreement": "on"}
    manager.post(TRUST, sent)
    project.refresh_from_db()
    assert (project.max_overlap, project.gold_share, project.agreement_floor) == (3, 0.075, 0.66)
    assert project.show_agreement
    changed = AuditEvent.objects.get(action="project.settings").details["changed"]
    assert set(changed) == {"max_overlap", "gold_share", "agreement_floor", "show_agreement"}
    html = manager.get(SETTINGS).content.decode()
    assert 'value="7.5"' in html
    assert 'value="66"' in html


def test_the_same_again_changes_nothing(manager: Client, project: Project) -> None:
    manager.post(TRUST, AS_IT_IS)
    assert not AuditEvent.objects.filter(action="project.settings").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"gold_share": "60"},
        {"gold_share": "-1"},
        {"qualification_tries": "0"},
        {"max_overlap": "1"},
        {"gold_share": ""},
    ],
)
def test_wrong_settings_change_nothing(manager: Client, project: Project, wrong: dict[str, str]) -> None:
    project.overlap = 2
    project.save()
    page = manager.post(TRUST, {**AS_IT_IS, "qualification_tasks": "5", **wrong})
    assert page.status_code == 422
    assert Project.objects.get().qualification_tasks == 0


def test_tasks_are_kept_for_a_cohort_and_given_back(
    manager: Client, project: Project, annotator: Person, second_annotator: Person, owner: Person, fill: Fill
) -> None:
    fill(2)
    projects.set_reach(project=project, person=annotator, languages=[], cohorts=["night"], by=owner)
    page = manager.post(KEEP, {"cohort": "night"}, follow=True)
    assert "2 open tasks were moved" in page.content.decode()
    assert page.context["cohorts"] == [cohorts.Cohort("night", members=1, open_tasks=2)]
    with pytest.raises(leases.NothingLeft):
        leases.lease_next(person=second_annotator, project=project)
    held = leases.lease_next(person=annotator, project=project)
    manager.post(KEEP, {"cohort": ""})
    assert leases.lease_next(person=second_annotator, project=project).task_id != held.task_id


def test_only_what_the_labels_say_is_moved(project: Project, owner: Person, fill: Fill) -> None:
    fill(3)
    first = project.prompts.order_by("pk").first()
    first.category = "poems"
    first.save()
    assert cohorts.keep_tasks(project=project, cohort="poets", by=owner, category="poems") == 1
    assert Task.objects.get(lane__cohort="poets").prompt == first


def test_a_cohort_without_members_is_pointed_out(manager: Client, project: Project, owner: Person, fill: Fill) -> None:
    fill(1)
    cohorts.keep_tasks(project=project, cohort="ghosts", by=owner)
    assert "nobody gets them" in manager.get(PEOPLE).content.decode()


def test_a_wrong_cohort_is_refused(manager: Client, project: Project) -> None:
    assert manager.post(KEEP, {"cohort": "x" * 61}).status_code == 422
    assert manager.post(KEEP, {"cohort": "x", "category": "no such"}).status_code == 422


def test_only_managers(
    project: Project, annotator: Person, viewer: Person, outsider: Person, signed_in: Callable[[Person], Client]
) -> None:
    for person in (annotator, viewer, outsider):
        assert signed_in(person).post(TRUST, AS_IT_IS).status_code == 404
        assert signed_in(person).post(KEEP, {"cohort": "x"}).status_code == 404


def test_the_dashboard_shows_agreement_and_what_waits(manager: Client, project: Project, fill: Fill) -> None:
    fill(1)
    Task.objects.update(review_wanted_at="2026-01-01T00:00Z")
    html = manager.get(reverse("dashboard", args=["letters"])).content.decode()
    assert 'id="tile-waiting">1<' in html
    assert 'id="tile-reviews">1 review<' in html
    assert 'id="tile-reports">0 reports<' in html
    assert 'id="tile-agreement">–<' in html


def test_scripts_set_them_too(project: Project, owner: Person, api: Callable[[Person], APIClient]) -> None:
    sent = {"max_overlap": 3, "qualification_tasks": 5, "qualification_pass": 0.8}
    answer = api(owner).patch("/api/v1/projects/letters/", sent)
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in sent} == sent
    assert api(owner).patch("/api/v1/projects/letters/", {"gold_share": 0.9}).status_code == 400
