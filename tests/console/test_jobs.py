"""Managers start and stop background work, and see how far it is."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from annotation import projects
from annotation.intake.taking import take_prompts
from annotation.models import Judgement, Person, Project, Prompt
from workers import jobs
from workers.models import Job

TRAIN, GENERATE = reverse("train", args=["letters"]), reverse("generate", args=["letters"])
LIVE = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "live"}


def test_it_works(
    manager: Client,
    project: Project,
    annotator: Person,
    judge: Callable[[Person], Judgement],
    fill: Callable[[int], None],
) -> None:
    fill(1)
    judge(annotator)
    page = manager.post(TRAIN, follow=True)
    assert page.context["job"].kind == Job.Kind.TRAIN
    assert "Waiting" in page.content.decode()


def test_a_second_training_is_refused_in_words(
    manager: Client,
    project: Project,
    annotator: Person,
    judge: Callable[[Person], Judgement],
    fill: Callable[[int], None],
) -> None:
    fill(1)
    judge(annotator)
    manager.post(TRAIN)
    assert "under way already" in manager.post(TRAIN, follow=True).content.decode()
    assert Job.objects.count() == 1


def test_training_on_nothing_is_refused_in_words(manager: Client, project: Project) -> None:
    assert "no rankings yet" in manager.post(TRAIN, follow=True).content.decode()
    assert not Job.objects.exists()


def test_generating_for_nothing_is_refused_in_words(manager: Client, project: Project) -> None:
    assert "nothing to generate" in manager.post(GENERATE, follow=True).content.decode()


def test_generating_for_all_that_lack_answers(
    manager: Client, project: Project, owner: Person, fill: Callable[[int], None]
) -> None:
    fill(1)
    take_prompts(project=project, by=owner, rows=[(1, {"prompt": "Unanswered?"})])
    manager.post(GENERATE)
    assert Job.objects.get().arguments["prompts"] == [Prompt.objects.latest("pk").pk]


def test_a_prompt_of_another_project_is_not_answered(manager: Client, project: Project, owner: Person) -> None:
    other = projects.create(by=owner, slug="other", name="Other")
    take_prompts(project=other, by=owner, rows=[(1, {"prompt": "Theirs?"})])
    manager.post(GENERATE, {"prompt": Prompt.objects.get().pk})
    assert not Job.objects.exists()


def test_cancel(manager: Client, project: Project, owner: Person) -> None:
    job = jobs.enqueue(Job.Kind.SNAPSHOT, project=project, by=owner, arguments={})
    page = manager.post(reverse("job_cancel", args=["letters", job.pk]), follow=True)
    assert page.context["job"].state == Job.State.CANCELLED
    assert b"formaction" not in page.content


def test_the_page_follows_the_job(manager: Client, project: Project, owner: Person) -> None:
    job = jobs.enqueue(Job.Kind.GENERATE, project=project, by=owner, arguments={})
    address = reverse("job", args=["letters", job.pk])
    running = {"state": Job.State.RUNNING, "done": 2, "total": 8, "phase": "sampling", "log": "loaded <b>\n"}
    Job.objects.filter(pk=job.pk).update(**running)
    html = manager.get(address, **LIVE).content.decode()
    assert 'value="2" max="8"' in html
    assert "loaded &lt;b&gt;" in html
    assert "<html" not in html


def test_what_is_under_way_comes_first(manager: Client, project: Project, owner: Person) -> None:
    first = jobs.enqueue(Job.Kind.GENERATE, project=project, by=owner, arguments={})
    second = jobs.enqueue(Job.Kind.SNAPSHOT, project=project, by=owner, arguments={})
    jobs.cancel(second, by=owner)
    page = manager.get(reverse("jobs", args=["letters"]))
    assert [job.pk for job in page.context["jobs"]] == [first.pk, second.pk]
