"""Two tabs, two people, two copies of one message at the same moment: what is written is written once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from annotation import assignment as leases
from annotation import judging, wishes
from annotation.checking import NotAcceptable
from annotation.models import Judgement, Person, Project, Prompt, Sample, Task
from annotation.writing import Demonstration, NewPrompt, PromptReview

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = [{"role": "user", "content": "Why is there dew on the grass at dawn?"}]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each of the acts answers, or the error that it raises."""

    def safely(act: Callable[[], Any]) -> Any:
        try:
            return act()
        except NotAcceptable as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [each.result() for each in [pool.submit(safely, act) for act in acts]]


def test_one_message_sent_four_times(project: Project, owner: Person, annotator: Person) -> None:
    wishes.ask_for_prompts(project=project, by=owner, number=1, language="en")
    task = leases.lease_next(person=annotator, project=project)
    said = at_once(*[lambda: judging.submit(assignment=task, verdict=NewPrompt(TEXT))] * 4)
    assert len({each.pk for each in said}) == 1
    assert (Prompt.objects.count(), Task.objects.filter(kind="review_prompt").count()) == (1, 1)


def test_the_same_prompt_by_two_people(
    project: Project, owner: Person, annotator: Person, second_annotator: Person
) -> None:
    wishes.ask_for_prompts(project=project, by=owner, number=2, language="en")
    tasks = [leases.lease_next(person=person, project=project) for person in (annotator, second_annotator)]
    said = at_once(*[lambda task=task: judging.submit(assignment=task, verdict=NewPrompt(TEXT)) for task in tasks])
    assert sorted(type(each).__name__ for each in said) == ["Judgement", "NotAcceptable"]
    assert (Prompt.objects.count(), Judgement.objects.count()) == (1, 1)


def test_the_same_answer_by_two_people(
    project: Project, owner: Person, annotator: Person, second_annotator: Person, fill: Callable[[int], None]
) -> None:
    fill(1)
    ids = project.prompts.values_list("pk", flat=True)
    terms = wishes.Terms(overlap=2)
    wishes.ask_for_demonstrations(project=project, by=owner, prompt_ids=ids, terms=terms)
    tasks = [
        leases.lease_next(person=person, project=project, kind="demonstrate")
        for person in (annotator, second_annotator)
    ]
    at_once(*[lambda task=task: judging.submit(assignment=task, verdict=Demonstration("Same.")) for task in tasks])
    assert Sample.objects.filter(text="Same.").count() == 1
    assert Judgement.objects.filter(sample__text="Same.").count() == 2
    task = Task.objects.get(kind="demonstrate")
    assert (task.taken, task.judged) == (2, 2)


def test_a_review_while_the_author_changes_it(
    project: Project, owner: Person, annotator: Person, second_annotator: Person
) -> None:
    """Either the author was in time, or they hear that others are at work; the review is never of another text."""
    wishes.ask_for_prompts(project=project, by=owner, number=1, language="en")
    mine = leases.lease_next(person=annotator, project=project)
    prompt = judging.submit(assignment=mine, verdict=NewPrompt(TEXT)).prompt
    review = leases.lease_next(person=second_annotator, project=project, kind="review_prompt")
    changed = NewPrompt([{"role": "user", "content": "Something else altogether, is it not?"}])
    said = at_once(
        lambda: judging.submit(assignment=mine, verdict=changed),
        lambda: judging.submit(assignment=review, verdict=PromptReview("accept")),
    )
    assert isinstance(said[0], NotAcceptable)
    prompt.refresh_from_db()
    assert (prompt.review_state, prompt.messages) == ("accepted", TEXT)
