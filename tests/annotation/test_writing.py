"""What people write: demonstrations, prompts and reviews, from the task to what comes of it."""

import pytest
from django.db.models import QuerySet

from annotation import assignment as leases
from annotation import drafting, judging, wishes
from annotation.checking import NotAcceptable
from annotation.models import Assignment, Judgement, Person, Project, Prompt, Sample, Task
from annotation.models.task import TaskKind
from annotation.writing import Demonstration, NewPrompt, PromptReview

RAINBOW = "Explain how a rainbow forms to a child of seven years."


def says(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def given(person: Person, project: Project, kind: str) -> Assignment:
    return leases.lease_next(person=person, project=project, kind=kind)


@pytest.fixture
def to_write(project: Project, owner: Person) -> Project:
    wishes.ask_for_prompts(project=project, by=owner, number=3, language="en", category="physics")
    return project


@pytest.fixture
def pending(to_write: Project, annotator: Person) -> Prompt:
    """A prompt that the annotator wrote and that waits for its review."""
    task = given(annotator, to_write, TaskKind.WRITE_PROMPT)
    return judging.submit(assignment=task, verdict=NewPrompt(says(RAINBOW))).prompt


@pytest.fixture
def to_answer(project: Project, owner: Person, fill: object) -> Task:
    fill(1)  # type: ignore[operator]
    wishes.ask_for_demonstrations(project=project, by=owner, prompt_ids=project.prompts.values_list("pk", flat=True))
    return project.tasks.get(kind=TaskKind.DEMONSTRATE)


def of_kind(project: Project, kind: str) -> QuerySet[Task]:
    return project.tasks.filter(kind=kind, withdrawn_at=None)


def test_from_a_prompt_to_a_ranked_demonstration(
    to_write: Project, annotator: Person, second_annotator: Person
) -> None:
    """InstructGPT's flow: one writes a prompt, another reviews it, it is demonstrated, and what is there is ranked."""
    to_write.demonstrate_prompts, to_write.k = True, 2
    to_write.save()
    task = given(annotator, to_write, TaskKind.WRITE_PROMPT)
    written = judging.submit(assignment=task, verdict=NewPrompt(says(RAINBOW))).prompt
    assert (written.review_state, written.author, written.category) == ("pending", annotator, "physics")
    review = given(second_annotator, to_write, TaskKind.REVIEW_PROMPT)
    judging.submit(assignment=review, verdict=PromptReview("accept"))
    for person in (annotator, second_annotator):
        Task.objects.filter(kind=TaskKind.DEMONSTRATE).update(overlap=2)
        answer = given(person, to_write, TaskKind.DEMONSTRATE)
        made = judging.submit(assignment=answer, verdict=Demonstration(f"Light bends, says {person.username}."))
        assert made.sample is not None
        assert (made.sample.author, made.sample.generator.backend) == (person, "written")
    ranking = of_kind(to_write, TaskKind.RANK).get()
    assert len(ranking.sample_ids) == 2
    for person in (annotator, second_annotator):  # nobody ranks what they wrote
        with pytest.raises(leases.NothingLeft):
            given(person, to_write, TaskKind.RANK)


def test_sending_again_changes_nothing(to_write: Project, to_answer: Task, annotator: Person) -> None:
    for kind, verdict in (
        (TaskKind.WRITE_PROMPT, NewPrompt(says(RAINBOW))),
        (TaskKind.DEMONSTRATE, Demonstration("Because.")),
    ):
        task = given(annotator, to_write, kind)
        first = judging.submit(assignment=task, verdict=verdict)
        assert judging.submit(assignment=task, verdict=verdict) == first
    assert Judgement.objects.count() == 2
    assert Prompt.objects.filter(author=annotator).count() == 1


def test_a_task_takes_only_its_own_kind_of_verdict(to_write: Project, annotator: Person) -> None:
    task = given(annotator, to_write, TaskKind.WRITE_PROMPT)
    for verdict in (Demonstration("x"), PromptReview("accept"), judging.Verdict({}, all_bad=True)):
        with pytest.raises(NotAcceptable, match="another kind"):
            judging.submit(assignment=task, verdict=verdict)


def test_a_revised_demonstration_takes_the_place_of_the_first(to_answer: Task, annotator: Person) -> None:
    task = given(annotator, to_answer.project, TaskKind.DEMONSTRATE)
    judging.submit(assignment=task, verdict=Demonstration("First."))
    second = judging.submit(assignment=task, verdict=Demonstration("Second."))
    assert second.revision == 2
    assert [s.text for s in Sample.objects.filter(author=annotator)] == ["Second."]
    assert [j.edited_text for j in Judgement.objects.order_by("revision")] == ["First.", "Second."]


def test_a_demonstration_that_people_rank_already_stays(to_answer: Task, annotator: Person, owner: Person) -> None:
    project = to_answer.project
    Project.objects.update(k=2)
    project.refresh_from_db()
    task = given(annotator, project, TaskKind.DEMONSTRATE)
    judging.submit(assignment=task, verdict=Demonstration("First."))
    first = Sample.objects.get(author=annotator)
    Task.objects.create(
        project=project, lane=to_answer.lane, prompt=to_answer.prompt, overlap=1, sample_ids=[first.pk, 1]
    )
    judging.submit(assignment=task, verdict=Demonstration("Second."))
    assert Sample.objects.filter(author=annotator).count() == 2


def test_an_edit_is_kept_as_an_edit(to_answer: Task, annotator: Person) -> None:
    best = to_answer.prompt.samples.first()
    task = given(annotator, to_answer.project, TaskKind.DEMONSTRATE)
    with pytest.raises(NotAcceptable, match="not an answer that you were offered"):
        judging.submit(assignment=task, verdict=Demonstration("Better.", started_from=best.pk))
    task.shown = [best.pk]
    task.save()
    made = judging.submit(assignment=task, verdict=Demonstration("Better.", started_from=best.pk))
    assert (made.started_from, made.sample.text) == (best, "Better.")


def test_nothing_is_no_text(to_answer: Task, annotator: Person) -> None:
    task = given(annotator, to_answer.project, TaskKind.DEMONSTRATE)
    for text in ("", " \n ", "x" * 100_001):
        with pytest.raises(NotAcceptable):
            judging.submit(assignment=task, verdict=Demonstration(text))


def test_nobody_reviews_their_own_prompt(pending: Prompt, annotator: Person, second_annotator: Person) -> None:
    with pytest.raises(leases.NothingLeft):
        given(annotator, pending.project, TaskKind.REVIEW_PROMPT)
    assert given(second_annotator, pending.project, TaskKind.REVIEW_PROMPT).task.prompt == pending


def test_a_reviewer_edits_and_thinks_better_of_it(pending: Prompt, second_annotator: Person) -> None:
    task = given(second_annotator, pending.project, TaskKind.REVIEW_PROMPT)
    with pytest.raises(NotAcceptable, match="as its author wrote it"):
        judging.submit(assignment=task, verdict=PromptReview("edit", says(RAINBOW)))
    judging.submit(assignment=task, verdict=PromptReview("edit", says("How does a rainbow form?")))
    pending.refresh_from_db()
    assert (pending.review_state, pending.last_turn) == ("accepted", "How does a rainbow form?")
    assert pending.original_messages == says(RAINBOW)
    judging.submit(assignment=task, verdict=PromptReview("reject", reason="Too easy"))
    pending.refresh_from_db()
    assert (pending.review_state, pending.last_turn, pending.original_messages) == ("rejected", RAINBOW, None)


def test_a_rejection_says_why(pending: Prompt, second_annotator: Person) -> None:
    task = given(second_annotator, pending.project, TaskKind.REVIEW_PROMPT)
    with pytest.raises(NotAcceptable, match="Say why"):
        judging.submit(assignment=task, verdict=PromptReview("reject"))


def test_a_prompt_may_be_changed_until_others_work_with_it(
    pending: Prompt, annotator: Person, second_annotator: Person
) -> None:
    own = Assignment.objects.get(person=annotator)
    judging.submit(assignment=own, verdict=NewPrompt(says("Why is the sky blue at noon?")))
    pending.refresh_from_db()
    assert pending.last_turn == "Why is the sky blue at noon?"
    given(second_annotator, pending.project, TaskKind.REVIEW_PROMPT)
    with pytest.raises(NotAcceptable, match="Others are at work"):
        judging.submit(assignment=own, verdict=NewPrompt(says("Something else altogether")))
    assert Prompt.objects.count() == 1


def test_a_review_stands_once_answers_rest_on_it(pending: Prompt, second_annotator: Person, owner: Person) -> None:
    task = given(second_annotator, pending.project, TaskKind.REVIEW_PROMPT)
    judging.submit(assignment=task, verdict=PromptReview("accept"))
    generator = drafting.written_by_people(pending.project)
    Sample.objects.create(prompt=pending, generator=generator, text="x", text_hash="x")
    with pytest.raises(NotAcceptable, match="Others are at work"):
        judging.submit(assignment=task, verdict=PromptReview("reject", reason="No"))


def test_the_same_prompt_twice_is_refused_and_a_near_one_noted(
    pending: Prompt, second_annotator: Person, annotator: Person
) -> None:
    task = given(second_annotator, pending.project, TaskKind.WRITE_PROMPT)
    with pytest.raises(NotAcceptable, match="Just this prompt"):
        judging.submit(assignment=task, verdict=NewPrompt(says(RAINBOW)))
    near = judging.submit(assignment=task, verdict=NewPrompt(says(RAINBOW + " Keep it short.")))
    assert list(near.facts["near"]) == [str(pending.pk)]
    assert near.prompt.family == pending.family


def test_a_manager_rules_on_what_waits(pending: Prompt, owner: Person, second_annotator: Person) -> None:
    assert drafting.rule(prompt=pending, by=owner, accepted=False, reason="Not for this project")
    pending.refresh_from_db()
    assert pending.review_state == "rejected"
    assert not drafting.rule(prompt=pending, by=owner, accepted=True)
    with pytest.raises(leases.NothingLeft):
        given(second_annotator, pending.project, TaskKind.REVIEW_PROMPT)


def test_languages_and_turns_are_checked(to_write: Project, annotator: Person) -> None:
    task = given(annotator, to_write, TaskKind.WRITE_PROMPT)
    for verdict in (
        NewPrompt(says(RAINBOW), language="zh"),
        NewPrompt([{"role": "assistant", "content": "Hello"}]),
        NewPrompt(says("  ")),
        NewPrompt(says(RAINBOW), category="c" * 61),
    ):
        with pytest.raises(NotAcceptable):
            judging.submit(assignment=task, verdict=verdict)
    turns = [
        *says("Hi there, how are you today?"),
        {"role": "assistant", "content": "Fine."},
        *says("And why is that so?"),
    ]
    assert judging.submit(assignment=task, verdict=NewPrompt(turns)).prompt.messages == turns


def test_work_of_a_kind_that_is_wished_comes_first(to_write: Project, fill: object, annotator: Person) -> None:
    fill(1)  # type: ignore[operator]
    assert given(annotator, to_write, TaskKind.RANK).task.kind == "rank"
    assert given(annotator, to_write, TaskKind.WRITE_PROMPT).task.kind == "write_prompt"
    assert given(annotator, to_write, TaskKind.RANK).task.kind == "rank"
    with pytest.raises(leases.NothingLeft):
        given(annotator, to_write, TaskKind.RATE)
