"""The dashboard's numbers are right, follow the work without a reload, and cost the same whatever there is."""

from collections.abc import Callable
from datetime import timedelta
from re import findall
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.assignment import today
from annotation.models import Judgement, Person, Project, WorkDay
from webapp.console import figures
from workers import jobs
from workers.models import Job, RewardModel

Judge = Callable[[Person], Judgement]
LIVE = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "live"}


def dashboard(client: Client, **headers: Any) -> Any:
    return client.get(reverse("dashboard", args=["letters"]), **headers)


def seen(page: Any) -> list[str]:
    return findall(r'name="seen" value="([^"]+)"', page.content.decode())


def panels(response: Any) -> set[str]:
    return set(findall(r'id="panel-(\w+)"', response.content.decode()))


def test_it_works(
    manager: Client,
    project: Project,
    annotator: Person,
    second_annotator: Person,
    judge: Judge,
    fill: Callable[[int], None],
) -> None:
    fill(3)
    judge(annotator)
    judge(annotator)
    judge(second_annotator)
    page = dashboard(manager)
    assert page.context["counts"] == figures.Counts(
        prompts=3, answers=12, tasks=3, finished=3, slots=3, judged=3, judgements=3
    )
    assert (page.context["today"].judgements, page.context["today"].people) == (3, 2)
    anna, ben = page.context["workers"]
    assert (anna.name, anna.total, anna.today, anna.median) == ("anna", 2, 2, 20.0)
    assert ben.total == 1
    assert "<svg" in page.content.decode()


def test_an_empty_project_says_what_to_do_next(manager: Client, project: Project) -> None:
    assert "Begin with prompts" in dashboard(manager).content.decode()


def test_days_without_work_are_days_too(project: Project, annotator: Person) -> None:
    WorkDay.objects.create(project=project, person=annotator, day=today() - timedelta(days=3), judgements=5)
    WorkDay.objects.create(project=project, person=annotator, day=today() - timedelta(days=40), judgements=7)
    days = figures.days(project)
    assert len(days) == figures.DAYS
    assert [d.judgements for d in days[-4:]] == [5, 0, 0, 0]
    assert days[-1].day == today()


def test_nothing_new_costs_nothing(manager: Client, project: Project, fill: Callable[[int], None]) -> None:
    fill(1)
    known = seen(dashboard(manager))
    answer = manager.get(reverse("dashboard", args=["letters"]), {"seen": known}, **LIVE)
    assert (answer.status_code, answer.content) == (204, b"")


def test_only_what_changed_is_sent(
    manager: Client, project: Project, annotator: Person, judge: Judge, fill: Callable[[int], None]
) -> None:
    fill(1)
    known = seen(dashboard(manager))
    judge(annotator)
    answer = manager.get(reverse("dashboard", args=["letters"]), {"seen": known}, **LIVE)
    assert panels(answer) == {"tiles", "throughput", "people"}
    assert b'hx-swap-oob="true"' in answer.content
    assert b"<html" not in answer.content


def test_a_job_moves_its_panel_only(manager: Client, project: Project, owner: Person) -> None:
    job = jobs.enqueue(Job.Kind.GENERATE, project=project, by=owner, arguments={})
    known = seen(dashboard(manager))
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, done=3, total=9, phase="sampling")
    answer = manager.get(reverse("dashboard", args=["letters"]), {"seen": known}, **LIVE)
    assert panels(answer) == {"jobs"}
    assert b'value="3" max="9"' in answer.content


def test_versions_are_plotted_beside_longer_wins(
    manager: Client, project: Project, make_model: Callable[..., RewardModel]
) -> None:
    make_model(
        1, accuracy={"value": 0.625, "low": 0.5, "high": 0.75}, longer_wins={"value": 0.55, "low": 0.4, "high": 0.7}
    )
    make_model(2, split=None)
    make_model(3, accuracy={"value": 0.7, "low": None, "high": None})
    page = dashboard(manager)
    assert page.context["accuracy"].rows[0] == ["v1", "62.5% (50% – 75%)", "55%", "50%"]
    assert page.context["accuracy"].rows[1] == ["v3", "70%", "–", "50%"]


def test_the_cost_does_not_grow(
    manager: Client,
    project: Project,
    owner: Person,
    annotator: Person,
    second_annotator: Person,
    judge: Judge,
    fill: Callable[[int], None],
    make_model: Callable[..., RewardModel],
) -> None:
    fill(2)
    judge(annotator)
    make_model(1)
    dashboard(manager)
    with CaptureQueriesContext(
        connection,
    ) as few:
        dashboard(manager)
    fill(12)
    for person in (annotator, second_annotator, owner):
        judge(person)
        judge(person)
    for version in range(2, 9):
        make_model(version, accuracy={"value": 0.6, "low": 0.5, "high": 0.7})
    with CaptureQueriesContext(connection) as many:
        dashboard(manager)
    assert len(many) == len(few) <= 25


def test_a_slow_count_is_remembered_and_a_quick_one_is_not(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    counted = iter(range(10))
    assert [figures.remembered(project, "n", lambda: next(counted)) for _ in range(2)] == [0, 1]
    monkeypatch.setattr(figures, "QUICK_S", -1.0)
    monkeypatch.setattr(figures, "REST", 1e9)
    assert [figures.remembered(project, "n", lambda: next(counted)) for _ in range(2)] == [2, 2]
    cache.clear()


def test_hostile_names_and_errors_stay_text(
    manager: Client, project: Project, annotator: Person, owner: Person, judge: Judge, fill: Callable[[int], None]
) -> None:
    Person.objects.filter(pk=annotator.pk).update(display_name="<script>alert(1)</script>\u202e")
    fill(1)
    judge(annotator)
    job = jobs.enqueue(Job.Kind.GENERATE, project=project, by=owner, arguments={})
    jobs.cancel(job, by=owner)
    Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, error="<img src=x onerror=alert(1)>")
    page = dashboard(manager).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "\u202e" not in page
