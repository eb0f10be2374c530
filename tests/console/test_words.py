"""What workers say is read by everybody in their own language, whenever they come to read it; the API stays English."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from annotation.models import Assignment, Person, Project, Turn
from tests.chat.conftest import chat, give, models, said
from tests.translated import compile_once
from workers import jobs, webhooks
from workers.answering import EMPTY, Answering
from workers.models import Job, WebhookDelivery

__all__ = ["chat", "give", "models"]

CHINESE = {"Accept-Language": "zh-hans"}


@pytest.fixture(autouse=True)
def compiled() -> None:
    compile_once()


@pytest.fixture
def job(project: Project, owner: Person) -> Job:
    return jobs.enqueue(Job.Kind.SCORE, project=project, by=owner, arguments={})


def done(job: Job, work: Callable[[jobs.RunningJob], dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setitem(jobs.HANDLERS, Job.Kind.SCORE, work)
    jobs.run(str(job.pk))
    job.refresh_from_db()
    return job


def test_it_works(
    job: Job,
    monkeypatch: pytest.MonkeyPatch,
    manager: Client,
) -> None:
    def work(running: jobs.RunningJob) -> dict[str, Any]:
        running.log("Going on after attempt %(n)d was lost.", n=2)
        raise jobs.Refused("%(host)s did not answer: %(why)s.", host="models.example", why="100 % busy")

    ended = done(job, work, monkeypatch)
    assert ended.error == "models.example did not answer: 100 % busy."
    address = reverse("job", args=["letters", job.pk])
    chinese = manager.get(address, headers=CHINESE).content.decode()
    assert "models.example 没有应答：100 % busy。" in chinese
    assert "第 2 次尝试中断后继续。" in chinese
    assert "did not answer" not in chinese
    assert "Going on" not in chinese
    english = manager.get(address).content.decode()
    assert ended.error in english
    assert "Going on after attempt 2 was lost." in english
    told = manager.get(reverse("api:job", args=[job.pk]), headers=CHINESE).json()
    assert told["error"] == ended.error
    assert "Going on after attempt 2 was lost." in told["log"]


def test_a_refusal_on_the_spot(
    project: Project,
    manager: Client,
) -> None:
    page = manager.post(reverse("train", args=["letters"]), headers=CHINESE, follow=True).content.decode()
    assert "还没有排序：奖励模型需要一些排序来学习。" in page


def test_older_rows_are_shown_as_they_are(
    job: Job,
    manager: Client,
) -> None:
    Job.objects.filter(pk=job.pk).update(log="12:00:00 An older line.\n", phase="somewhere", error="An older error.")
    page = manager.get(reverse("job", args=["letters", job.pk]), headers=CHINESE).content.decode()
    assert "An older line." in page
    assert "somewhere" in page
    assert "An older error." in page


def test_how_long_a_token_lives(manager: Client, project: Project) -> None:
    """A number is put into words when the form is made, not when the server starts."""
    page = manager.get(reverse("tokens"), headers=CHINESE).content.decode()
    assert "90 天" in page
    assert "90 days" not in page


def test_why_a_model_gave_no_answer_and_a_webhook_did_not_arrive(
    manager: Client, chat: Assignment, owner: Person, settings: Settings
) -> None:
    turn = said(chat, "Hello?")
    candidate = turn.candidates.get(place=0)
    Turn.objects.filter(pk=turn.pk).update(state=Turn.State.ANSWERING)
    turn.refresh_from_db()
    Answering(turn, lambda: False).fail(candidate, EMPTY)
    page = manager.get(reverse("chat", args=["letters", turn.conversation_id]), headers=CHINESE).content.decode()
    assert "它的回答是空的。" in page

    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    hook, _secret = webhooks.add(project=chat.project, url="http://127.0.0.1:1/", events=["job.failed"], by=owner)
    webhooks.deliver(str(webhooks.ping(hook).pk))
    delivery = WebhookDelivery.objects.get()
    assert delivery.error.startswith("No answer: ")
    page = manager.get(reverse("webhooks", args=["letters"]), headers=CHINESE).content.decode()
    assert delivery.error.replace("No answer: ", "没有应答：") in page


def test_a_form_that_is_too_large(manager: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    refused = manager.post(reverse("me"), {"display_name": "O" * 100}, headers=CHINESE)
    assert refused.status_code == 400
    assert '<html lang="zh-hans">' in refused.content.decode()
    assert "无法读取" in refused.content.decode()
