"""Prompts with K answers become ranking tasks: without this an annotator opens a full project and finds no work."""

import pytest

from annotation import content
from annotation.models import Generator, Person, Project, Prompt, Sample, Task
from annotation.tasks import count_imported, form_rank_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper() -> Person:
    return Person.objects.create(username="keeper")


@pytest.fixture
def project(keeper: Person) -> Project:
    return Project.objects.create(slug="tasks", name="Tasks", created_by=keeper, k=2, overlap=3)


def prompt_with(project: Project, *texts: str, **fields: object) -> Prompt:
    """A prompt of the project with these answers."""
    messages = content.messages_of(f"Question {Prompt.objects.count()}")
    digest = content.content_hash(messages)
    prompt = Prompt.objects.create(
        project=project, messages=messages, content_hash=digest, **{"family": digest, "language": "en", **fields}
    )
    generator, _ = Generator.objects.get_or_create(project=project, name="model", backend="imported")
    Sample.objects.bulk_create(
        Sample(prompt=prompt, generator=generator, text=text, text_hash=content.text_hash(text)) for text in texts
    )
    return prompt


def test_k_answers_become_a_task(project: Project) -> None:
    prompt = prompt_with(project, "a", "b")
    assert form_rank_tasks(project=project) == 1
    task = Task.objects.get()
    assert task.sample_ids == sorted(prompt.samples.values_list("pk", flat=True))
    assert (task.kind, task.lane.language, task.overlap, task.taken, task.judged) == ("rank", "en", 3, 0, 0)


def test_answers_go_k_at_a_time_and_the_rest_waits(project: Project) -> None:
    prompt = prompt_with(project, *"abcde")
    ids = sorted(prompt.samples.values_list("pk", flat=True))
    assert form_rank_tasks(project=project, prompt_ids=[prompt.pk]) == 2
    assert [t.sample_ids for t in Task.objects.order_by("id")] == [ids[:2], ids[2:4]]


def test_forming_again_makes_nothing(project: Project) -> None:
    prompt_with(project, "a", "b")
    assert form_rank_tasks(project=project) == 1
    assert form_rank_tasks(project=project) == 0


def test_only_the_named_prompts(project: Project) -> None:
    prompt_with(project, "a", "b")
    named = prompt_with(project, "a", "b")
    assert form_rank_tasks(project=project, prompt_ids=[named.pk]) == 1
    assert form_rank_tasks(project=project, prompt_ids=[]) == 0


def test_prompts_not_accepted_and_unusable_answers_stay_out(project: Project) -> None:
    prompt_with(project, "a", "b", review_state=Prompt.Review.PENDING)
    Sample.objects.filter(prompt=prompt_with(project, "a", "b"), text="a").update(usable=False)
    assert form_rank_tasks(project=project) == 0


def test_a_manager_who_wants_to_look_first_is_asked(project: Project) -> None:
    project.auto_tasks = False
    prompt_with(project, "a", "b")
    assert form_rank_tasks(project=project) == 0
    assert form_rank_tasks(project=project, force=True) == 1


def test_authors_are_written_down_so_that_nobody_judges_their_own(project: Project, keeper: Person) -> None:
    writer = Person.objects.create(username="writer")
    prompt = prompt_with(project, "a", "b", author=keeper)
    prompt.samples.filter(text="a").update(author=writer)
    form_rank_tasks(project=project)
    assert Task.objects.get().author_ids == sorted([keeper.pk, writer.pk])


def test_two_languages_are_two_lanes(project: Project) -> None:
    prompt_with(project, "a", "b", language="en")
    prompt_with(project, "a", "b", language="zh")
    assert form_rank_tasks(project=project) == 2
    assert sorted(project.lanes.values_list("language", flat=True)) == ["en", "zh"]


def test_many_prompts_cost_as_many_statements_as_one(project: Project, django_assert_num_queries) -> None:
    for _ in range(30):
        prompt_with(project, "a", "b")
    with django_assert_num_queries(4):  # a savepoint and its release, the lock, the statement
        assert form_rank_tasks(project=project) == 30


def test_imported_judgements_take_slots_and_widen_the_overlap_where_they_are_more(project: Project) -> None:
    prompt_with(project, "a", "b")
    form_rank_tasks(project=project)
    task = Task.objects.get()
    count_imported({task.pk: 5})
    task.refresh_from_db()
    assert (task.taken, task.judged, task.overlap) == (5, 5, 5)
