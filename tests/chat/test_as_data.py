"""What was chosen in chats is ordinary data: exported, split by conversation, trained on; and never made twice."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from annotation import chatting, choosing, comparisons, tasks
from annotation.chatting import NotNow
from annotation.judging import Verdict, overall
from annotation.models import Assignment, Generator, Judgement, Person, Project, Sample, Task, Turn
from exports.plan import plan
from exports.query import read
from exports.records import consistent_view, records
from tests.chat.conftest import Give, answered, chosen, said
from workers import chatting as sending
from workers import generating, jobs, training

pytestmark = pytest.mark.django_db(transaction=True)


def test_exports_and_training_see_each_turn(chat: Assignment, project: Project) -> None:
    for number in range(3):
        chosen(said(chat, f"Message {number}"))
    said(chat, "This one is not judged.")
    groups = list(comparisons.groups(project))
    assert len(groups) == 3
    assert {group.family for group in groups} == {f"chat:{chat.pk}"}
    assert sorted(len(group.messages) for group in groups) == [1, 3, 5]
    with consistent_view() as view:
        found = list(records(view, plan(read({}), project)))
    assert len(found) == 3
    assert {record.family for record in found} == {f"chat:{chat.pk}"}
    for record in found:
        assert sorted(record.verdicts[0].ranks) == [0, 1]


def test_a_tie_stays_a_tie_in_exports_and_in_training(give: Give, annotator: Person, project: Project) -> None:
    turn = said(give(annotator, answers=3, ranks=True), "Hello?", "A", "B", "C")
    first, second, third = turn.shown
    choosing.judge(turn=turn, verdict=Verdict(overall([[first, third], [second]])), go_on_with=third)
    (group,) = comparisons.groups(project)
    tops = {text for text, rank in zip(group.texts, group.ranks[0], strict=True) if rank == 0}
    assert tops == set(turn.candidates.exclude(pk=second).values_list("text", flat=True))
    trained = training._trainer_group(group, margin=0.0)
    trained.check()
    assert sorted(trained.ranks[0]) == [0, 0, 1]
    assert sorted(p if p == 0.5 else 1.0 for p in trained.probability) == [0.5, 1.0, 1.0]
    with consistent_view() as view:
        (record,) = records(view, plan(read({}), project))
    assert sorted(record.verdicts[0].ranks) == [0, 0, 1]
    assert record.messages[-1]["content"] == "Hello?"


def test_no_task_is_formed_and_no_answer_generated_for_turns(
    chat: Assignment, project: Project, owner: Person, models: list[Generator]
) -> None:
    project.k = 2
    project.save()
    chosen(said(chat, "Hello?"))
    said(chat, "Not judged.")
    assert tasks.form_rank_tasks(project=project) == 0
    assert Sample.objects.count() == 2
    project.k = 4
    project.save()
    with pytest.raises(jobs.Refused, match="nothing to generate"):
        generating.start(project=project, by=owner, generator=models[0])


def at_once(*acts: Callable[[], object]) -> list[object]:
    """All at the same time; each answers what it gave or raised."""
    gate, given = threading.Barrier(len(acts)), dict[int, object]()

    def act(number: int) -> None:
        gate.wait()
        try:
            given[number] = acts[number]()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            given[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=[number]) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [given[number] for number in range(len(acts))]


def test_two_tabs_that_send_at_once_make_one_turn(chat: Assignment) -> None:
    given = at_once(*(lambda n=n: sending.send(assignment=chat, text=f"Tab {n}") for n in range(4)))
    turns = [each for each in given if isinstance(each, Turn)]
    assert len(turns) == 1
    assert all(isinstance(each, Turn | NotNow) for each in given)
    assert Turn.objects.count() == 1


def test_the_same_message_sent_at_once_is_one_turn(chat: Assignment) -> None:
    given = at_once(*(lambda: sending.send(assignment=chat, text="Hello?", number=1) for _ in range(4)))
    assert {getattr(each, "pk", each) for each in given} == {Turn.objects.get().pk}


def test_two_tabs_that_choose_at_once_make_one_judgement(chat: Assignment) -> None:
    turn = said(chat, "Hello?")
    given = at_once(*(lambda place=place: chosen(turn, place) for place in (0, 1, 0, 1)))
    assert Judgement.objects.count() == 1
    assert Task.objects.filter(kind="rank").count() == 1
    winner = chatting.winner_of(Turn.objects.get()).pk
    for each in given:
        assert isinstance(each, NotNow) or each.winner_id == winner  # type: ignore[attr-defined]


def test_workers_that_wake_at_once_answer_once(chat: Assignment) -> None:
    turn = sending.send(assignment=chat, text="Hello?")
    claims = at_once(*(lambda: sending._claim(turn.pk) for _ in range(4)))
    assert sum(isinstance(claim, Turn) for claim in claims) == 1


def test_the_first_words_said_at_once_share_a_prompt(give: Give, annotator: Person, second_annotator: Person) -> None:
    chats = [give(annotator), give(second_annotator)]
    turns = [answered(sending.send(assignment=c, text="Hello?"), f"A {n}", f"B {n}") for n, c in enumerate(chats)]
    done = at_once(*(lambda turn=turn: chosen(turn) for turn in turns))
    assert all(isinstance(each, Turn) for each in done)
    families = {turn.conversation.family for turn in Turn.objects.select_related("conversation")}
    assert len(families) == 1
