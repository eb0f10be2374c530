"""A text can be taken back while nobody works with it; else a sentence says why not."""

from collections.abc import Callable

import pytest

from annotation import assignment as leases
from annotation import judging, wishes
from annotation.models import Assignment, Judgement, Person, Project, Prompt, Sample
from annotation.undoing import undo
from annotation.writing import Demonstration, NewPrompt

Fill = Callable[[int], None]
SAID = NewPrompt([{"role": "user", "content": "Explain how a rainbow forms."}])


def submitted(project: Project, person: Person, kind: str, verdict: judging.Said) -> Assignment:
    given = leases.lease_next(person=person, project=project, kind=kind)
    judging.submit(assignment=given, verdict=verdict)
    return Assignment.objects.get(pk=given.pk)


def test_an_answer(project: Project, owner: Person, annotator: Person, fill: Fill) -> None:
    fill(1)
    wishes.ask_for_demonstrations(project=project, by=owner, prompt_ids=project.prompts.values_list("pk", flat=True))
    given = submitted(project, annotator, "demonstrate", Demonstration("My answer."))
    undo(assignment=given)
    assert not Sample.objects.filter(text="My answer.").exists()
    assert not Judgement.objects.current().exists()
    judging.submit(assignment=given, verdict=Demonstration("My answer."))
    project.tasks.filter(kind="rank").update(sample_ids=[Sample.objects.get(text="My answer.").pk])
    with pytest.raises(judging.NoLongerOpen, match="at work with your text"):
        undo(assignment=Assignment.objects.get(pk=given.pk))
    assert Judgement.objects.current().exists()


def test_a_prompt(project: Project, owner: Person, annotator: Person, second_annotator: Person) -> None:
    wishes.ask_for_prompts(project=project, by=owner, number=1)
    given = submitted(project, annotator, "write_prompt", SAID)
    undo(assignment=given)
    assert not Prompt.objects.exists()
    judging.submit(assignment=given, verdict=SAID)
    leases.lease_next(person=second_annotator, project=project, kind="review_prompt")
    with pytest.raises(judging.NoLongerOpen, match="at work with your text"):
        undo(assignment=Assignment.objects.get(pk=given.pk))
    assert Prompt.objects.exists()
