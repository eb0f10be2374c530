"""A conversation turn by turn: asked, answered, judged, on with the winner; and everything that may come between."""

import pytest

from annotation import assignment as leases
from annotation import chatting, choosing, judging
from annotation.briefs import Brief, make_chat_tasks
from annotation.chatting import NotNow
from annotation.checking import NotAcceptable
from annotation.judging import NoLongerOpen, Verdict, overall
from annotation.models import Assignment, Generator, Judgement, Person, Project, Prompt, Sample, Task, Turn, WorkDay
from annotation.wishes import Terms
from tests.chat.conftest import Give, answered, chosen, said
from workers import chatting as sending

pytestmark = pytest.mark.django_db


def test_it_works(chat: Assignment, project: Project, annotator: Person) -> None:
    turn = said(chat, "Hello?", "Hi!", "Go away.")
    assert turn.state == Turn.State.READY
    first = chosen(turn)
    best = chatting.winner_of(first)
    second = chosen(said(chat, "And now?"))
    assert second.number == 2
    prompts = list(project.prompts.order_by("pk"))
    assert [prompt.messages for prompt in prompts] == [
        [{"role": "user", "content": "Hello?"}],
        [
            {"role": "user", "content": "Hello?"},
            {"role": "assistant", "content": best.text},
            {"role": "user", "content": "And now?"},
        ],
    ]
    assert {prompt.family for prompt in prompts} == {f"chat:{chat.pk}"}
    assert {prompt.language for prompt in prompts} == {"en"}
    judgement = Judgement.objects.current().get(prompt=prompts[0])
    [ranking] = judgement.rankings.all()
    assert [len(group) for group in ranking.groups] == [1, 1]
    assert Sample.objects.get(pk=ranking.groups[0][0]).text == best.text
    assert judgement.task.kind == "rank"
    assert (judgement.task.overlap, judgement.task.taken, judgement.task.judged) == (1, 1, 1)


def test_ending_closes_the_chat_task(chat: Assignment, annotator: Person, project: Project) -> None:
    chosen(said(chat, "Hello?"))
    said(chat, "This one stays unjudged.")
    judgement = judging.submit(assignment=chat, verdict=choosing.Closing("Fine.", 60))
    chat.refresh_from_db()
    assert chat.state == Assignment.State.JUDGED
    assert judgement.comment == "Fine."
    assert not judgement.rankings.exists()
    assert Task.objects.get(pk=chat.task_id).judged == 1
    assert WorkDay.objects.get(person=annotator).judgements == 2
    assert not Turn.objects.open().exists()
    with pytest.raises(NoLongerOpen):
        sending.send(assignment=chat, text="One more")
    again = judging.submit(assignment=chat, verdict=choosing.Closing("Fine.", 90))
    assert again == judgement
    revised = judging.submit(assignment=chat, verdict=choosing.Closing("Not so fine."))
    assert (revised.revision, revised.prompt_id) == (2, judgement.prompt_id)


def test_a_conversation_without_a_judged_turn_is_skipped_not_ended(chat: Assignment) -> None:
    said(chat, "Hello?")
    with pytest.raises(NotAcceptable, match="skip the task"):
        judging.submit(assignment=chat, verdict=choosing.Closing())
    assert leases.skip(assignment=chat, reason="unsure")


def test_the_queue_never_hands_out_a_turn(chat: Assignment, project: Project, second_annotator: Person) -> None:
    chosen(said(chat, "Hello?"))
    said(chat, "More?")
    with pytest.raises(leases.NothingLeft):
        leases.lease_next(person=second_annotator, project=project)


def test_the_same_message_again_is_the_same_turn(chat: Assignment) -> None:
    first = sending.send(assignment=chat, text="Hello?", number=1)
    assert sending.send(assignment=chat, text=" Hello? ") == first
    answered(first, "Hi", "Ho")
    assert sending.send(assignment=chat, text="Hello?", number=1) == first
    chosen(Turn.objects.get(pk=first.pk))
    assert sending.send(assignment=chat, text="Hello?", number=1) == first
    assert sending.send(assignment=chat, text="Hello?", number=2) != first


def test_one_message_at_a_time(chat: Assignment) -> None:
    sending.send(assignment=chat, text="Hello?")
    with pytest.raises(NotNow, match="another tab") as refusal:
        sending.send(assignment=chat, text="Another")
    assert refusal.value.code == "open"


@pytest.mark.parametrize(
    ("text", "code"), [(" \n ", "empty"), ("\0", "empty"), ("x" * (chatting.LONGEST_MESSAGE + 1), "long")]
)
def test_messages_that_are_none(chat: Assignment, text: str, code: str) -> None:
    with pytest.raises(NotNow) as refusal:
        sending.send(assignment=chat, text=text)
    assert refusal.value.code == code


def test_a_conversation_has_its_turns_and_its_length(give: Give, annotator: Person) -> None:
    chat = give(annotator, max_turns=1)
    chosen(said(chat, "Hello?", "x" * chatting.LONGEST_CONVERSATION, "y" * chatting.LONGEST_CONVERSATION))
    with pytest.raises(NotNow, match="all its turns"):
        sending.send(assignment=chat, text="More")
    chat.task.brief = {"max_turns": 2}
    chat.task.save()
    with pytest.raises(NotNow, match="characters"):
        sending.send(assignment=chat, text="More")


def test_a_message_can_be_taken_back_and_never_was_said(chat: Assignment) -> None:
    turn = said(chat, "Helo?")
    assert chatting.take_back(turn=turn)
    assert not chatting.take_back(turn=turn)
    better = said(chat, "Hello?")
    assert better.number == 1
    chosen(better)
    assert not chatting.take_back(turn=Turn.objects.get(pk=better.pk))
    assert chatting.messages(better.conversation)[0]["content"] == "Hello?"


def test_a_model_that_fails_costs_only_its_answer(give: Give, annotator: Person) -> None:
    turn = said(give(annotator, answers=3), "Hello?", "Hi", "", "Ho")
    assert turn.state == Turn.State.READY
    assert len(turn.shown) == 2
    again = sending.ask_again(turn)
    assert again.state == Turn.State.WAITING
    assert [each.state for each in again.candidates.all()] == ["done", "wanted", "done"]


def test_fewer_than_two_answers_are_too_few(chat: Assignment) -> None:
    turn = said(chat, "Hello?", "Hi", "")
    assert (turn.state, turn.shown) == (Turn.State.FAILED, [])
    with pytest.raises(NotNow):
        choosing.judge(turn=turn, verdict=Verdict(overall([[1], [2]])))
    for _ in range(chatting.MOST_ROUNDS - 1):
        turn = answered(sending.ask_again(turn), "Hi", "")
    with pytest.raises(NotNow) as refusal:
        sending.ask_again(turn)
    assert refusal.value.code == "often"


def test_models_that_all_say_the_same_leave_nothing_to_compare(chat: Assignment) -> None:
    turn = said(chat, "Hello?", "Hi", "Hi2")
    same = turn.candidates.last()
    assert same
    same.state = same.State.SAME
    same.save()
    Turn.objects.filter(pk=turn.pk).update(state=Turn.State.ANSWERING)
    sending.finish(turn)
    turn.refresh_from_db()
    assert (turn.state, len(turn.shown)) == (Turn.State.READY, 1)
    with pytest.raises(NotNow):
        choosing.judge(turn=turn, verdict=Verdict(overall([[turn.shown[0]]])))
    done = choosing.go_on(turn=turn)
    assert chatting.winner_of(done).text == "Hi"
    assert not Judgement.objects.exists()
    assert [message["content"] for message in chatting.messages(done.conversation)] == ["Hello?", "Hi"]
    assert judging.submit(assignment=chat, verdict=choosing.Closing()).prompt.messages[0]["content"] == "Hello?"


def test_where_all_are_bad_the_message_stays_without_an_answer(chat: Assignment) -> None:
    turn = said(chat, "Hello?")
    done = choosing.judge(turn=turn, verdict=Verdict({}, all_bad=True))
    assert done.winner is None
    assert Judgement.objects.get().all_bad
    assert chatting.messages(done.conversation) == []
    assert said(chat, "Hello, please?").number == 2


def test_the_first_shown_of_several_best_ones_goes_on(give: Give, annotator: Person) -> None:
    turn = said(give(annotator, answers=3, ranks=True), "Hello?", "A", "B", "C")
    first, second, third = turn.shown
    done = choosing.judge(turn=turn, verdict=Verdict(overall([[third, second], [first]])))
    assert (done.winner_id, done.chosen_by) == (second, Turn.ChosenBy.FIRST)


def test_of_several_best_ones_the_person_may_choose(give: Give, annotator: Person) -> None:
    turn = said(give(annotator, answers=3, ranks=True), "Hello?", "A", "B", "C")
    first, second, third = turn.shown
    tied = Verdict(overall([[third, second], [first]]))
    with pytest.raises(NotAcceptable, match="one of the best"):
        choosing.judge(turn=turn, verdict=tied, go_on_with=first)
    done = choosing.judge(turn=turn, verdict=tied, go_on_with=third)
    assert (done.winner_id, done.chosen_by) == (third, Turn.ChosenBy.PERSON)
    assert choosing.judge(turn=turn, verdict=tied).winner_id == third  # sent again it changes nothing


def test_the_same_verdict_again_changes_nothing_and_another_is_a_revision(chat: Assignment) -> None:
    turn = said(chat, "Hello?")
    chosen(turn)
    chosen(turn)
    with pytest.raises(NotNow) as refusal:
        chosen(turn, place=1)
    assert refusal.value.code == "judged"
    assert Judgement.objects.count() == 1
    first = Judgement.objects.get()
    assert first.assignment
    ids = first.rankings.get().sample_ids
    revised = judging.submit(assignment=first.assignment, verdict=Verdict(overall([[ids[0]], [ids[1]]])))
    judging.submit(assignment=first.assignment, verdict=Verdict(overall([[ids[1]], [ids[0]]])))
    assert Judgement.objects.current().count() == 1
    assert revised.task_id == first.task_id


def test_ratings_and_the_rest_go_with_the_samples(chat: Assignment, project: Project) -> None:
    project.questions = {"scales": [{"name": "safety", "label": "Safety", "min": 1, "max": 5}], "strength": True}
    project.save()
    turn = said(Assignment.objects.get(pk=chat.pk), "Hello?")
    a, b = turn.shown
    verdict = Verdict(overall([[b], [a]]), strength=3, ratings={str(b): {"safety": 5}})
    choosing.judge(turn=turn, verdict=verdict)
    judgement = Judgement.objects.get()
    best = judgement.rankings.get().groups[0][0]
    assert (judgement.strength, judgement.ratings) == (3, {str(best): {"safety": 5}})


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(overall([[10**9]])),
        Verdict({}, all_bad=True, ratings={"x": {"a": 1}}),
        Verdict({}, all_bad=True, flags={"12345678": {"a": True}}),
        Verdict({}),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(chat: Assignment, verdict: Verdict) -> None:
    turn = said(chat, "Hello?")
    with pytest.raises(NotAcceptable):
        choosing.judge(turn=turn, verdict=verdict)
    assert not Prompt.objects.exists()
    turn.refresh_from_db()
    assert turn.state == Turn.State.READY


def test_the_first_words_of_two_conversations_share_a_family(
    give: Give, annotator: Person, second_annotator: Person
) -> None:
    """A prompt stands in one split: whoever begins with the same words must follow it there."""
    first, second = give(annotator), give(second_annotator)
    chosen(said(first, "Hello?", "A", "B"))
    chosen(said(second, "Hello?", "C", "D"))
    chosen(said(second, "More?", "E", "F"))
    assert set(Prompt.objects.values_list("family", flat=True)) == {f"chat:{first.pk}"}
    assert Prompt.objects.count() == 2


def test_two_people_who_see_the_same_answers_judge_one_task(
    give: Give, annotator: Person, second_annotator: Person
) -> None:
    chosen(said(give(annotator), "Hello?", "A", "B"))
    chosen(said(give(second_annotator), "Hello?", "A", "B"))
    task = Task.objects.get(kind="rank")
    assert (task.overlap, task.taken, task.judged) == (2, 2, 2)


def test_one_person_who_sees_the_same_answers_twice_revises(give: Give, annotator: Person) -> None:
    chosen(said(give(annotator), "Hello?", "A", "B"))
    other = give(annotator)
    turn = said(other, "Hello?", "A", "B")
    chosen(turn, place=1)
    assert Judgement.objects.count() == 2
    assert Judgement.objects.current().count() == 1


def test_work_goes_on_after_the_lease_ran_out(chat: Assignment) -> None:
    turn = said(chat, "Hello?")
    Assignment.objects.filter(pk=chat.pk).update(expires_at=chat.leased_at)
    leases.expire_overdue()
    chosen(turn)
    chosen(said(chat, "More?"))
    assert judging.submit(assignment=chat, verdict=choosing.Closing()).revision == 1


def test_what_was_given_back_cannot_go_on(chat: Assignment) -> None:
    turn = said(chat, "Hello?")
    leases.skip(assignment=chat)
    for act in (lambda: chosen(turn), lambda: sending.send(assignment=chat, text="x"), lambda: sending.ask_again(turn)):
        with pytest.raises(NoLongerOpen):
            act()


def test_a_system_message_goes_before(give: Give, annotator: Person) -> None:
    turn = chosen(said(give(annotator, system="Be brief."), "Hello?"))
    assert turn.judgement
    assert turn.judgement.prompt.messages[0] == {"role": "system", "content": "Be brief."}
    assert turn.judgement.prompt.family.startswith("chat:")


def test_who_answers_is_drawn_once_and_placed_anew(give: Give, annotator: Person, models: list[Generator]) -> None:
    chat = give(annotator, answers=3)
    places = []
    for number in range(12):
        turn = said(chat, f"Message {number}", "A", "B", "C") if number < 10 else None
        if turn:
            places.append(tuple(turn.candidates.values_list("generator_id", flat=True)))
            chatting.take_back(turn=turn)
    assert {frozenset(place) for place in places} == {frozenset(model.pk for model in models)}
    assert len(set(places)) > 1


def test_one_model_answers_at_several_temperatures(give: Give, annotator: Person, models: list[Generator]) -> None:
    chat = give(annotator, answers=4, generators=[models[0].pk])
    turn = sending.send(assignment=chat, text="Hello?")
    heats = [candidate.parameters["temperature"] for candidate in turn.candidates.all()]
    assert len(set(heats)) == 4
    assert len(set(turn.candidates.values_list("seed", flat=True))) == 4
    assert set(turn.candidates.values_list("generator_id", flat=True)) == {models[0].pk}


def test_tasks_are_made_with_their_brief(project: Project, owner: Person) -> None:
    brief = Brief(instruction="Plan a trip.", answers=3, ranks=True, max_turns=4)
    tasks = make_chat_tasks(project=project, by=owner, number=3, brief=brief, language="en", terms=Terms(overlap=2))
    assert {Brief.of(task) for task in tasks} == {brief}
    assert tasks[0].brief == {"instruction": "Plan a trip.", "answers": 3, "ranks": True, "max_turns": 4}
    assert {task.overlap for task in tasks} == {2}


@pytest.mark.parametrize("brief", [Brief(answers=1), Brief(answers=10), Brief(max_turns=0), Brief(max_turns=51)])
def test_senseless_briefs(project: Project, owner: Person, brief: Brief) -> None:
    with pytest.raises(ValueError, match=r"answers|turns"):
        make_chat_tasks(project=project, by=owner, number=1, brief=brief)


def test_choosing_of_three_needs_ties(project: Project, owner: Person) -> None:
    project.allow_ties = False
    with pytest.raises(ValueError, match="put in order"):
        make_chat_tasks(project=project, by=owner, number=1, brief=Brief(answers=3))
