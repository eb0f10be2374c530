"""What is wrong in a live chat is reported from its page; the manager sees it in its conversation and acts on it."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from annotation import assignment as leases
from annotation import choosing, reports
from annotation.judging import Verdict, overall
from annotation.models import Assignment, Person, Project, Prompt, Report, Sample, Task, Turn
from tests.chat.conftest import Give, chosen, said
from tests.conftest import Api

pytestmark = pytest.mark.django_db

LIST = reverse("reports", args=["letters"])
Sign = Callable[[Person], Client]


@pytest.fixture
def page(signed_in: Sign, annotator: Person) -> Client:
    return signed_in(annotator)


@pytest.fixture
def manager(signed_in: Sign, owner: Person) -> Client:
    return signed_in(owner)


def send(client: Client, chat: Assignment, **form: object) -> str:
    answer = client.post(reverse("report", args=["letters", chat.pk]), form, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def resolve(client: Client, report: Report, verdict: str) -> None:
    assert client.post(reverse("report_resolve", args=["letters", report.pk]), {"verdict": verdict}).status_code == 302


def test_it_works(page: Client, manager: Client, chat: Assignment) -> None:
    chosen(said(chat, "Where do you live?", "<b>At home</b>, in Rome", "Nowhere"))
    turn = said(chat, "And your telephone?", "0123 <script>alert(1)</script>", "I have none")
    html = page.get(reverse("task", args=["letters", chat.pk])).content.decode()
    assert f'<option value="{turn.shown[0]}">Answer A</option>' in html
    assert "The answer in turn 1: " in html
    assert "a manager looks at it" in send(page, chat, reason="personal", about=turn.shown[0], note="a number")
    report = Report.objects.get()
    assert (report.candidate_id, report.prompt, report.conversation) == (turn.shown[0], None, turn.conversation)
    html = manager.get(LIST).content.decode()
    assert "Where do you live?" in html
    assert "And your telephone?" in html
    assert "0123" in html
    assert "<script>alert" not in html
    assert f'{reverse("chat", args=["letters", turn.conversation_id])}#turn-2"' in html
    resolve(manager, report, "upheld")
    report.refresh_from_db()
    assert report.verdict == "upheld"
    assert "0123" in manager.get(LIST, {"state": "closed"}).content.decode()
    chosen(turn)  # the person goes on: what is judged later is out as well
    assert list(Sample.objects.filter(usable=False).values_list("text", flat=True)) == [
        turn.candidates.get(pk=turn.shown[0]).text
    ]


def test_of_an_answer_that_is_judged_its_sample_goes(chat: Assignment, owner: Person) -> None:
    turn = chosen(said(chat, "Hello?", "Hi", "Ho"))
    said_of = reports.report(assignment=chat, reason="broken", candidate_id=turn.shown[0])
    assert reports.resolve(report=said_of, by=owner, verdict="upheld")
    bad = turn.candidates.get(pk=turn.shown[0]).sample_id
    assert list(Sample.objects.filter(usable=False).values_list("pk", flat=True)) == [bad]
    assert Task.objects.get(kind="rank").withdrawn_at
    assert Task.objects.get(kind="chat").withdrawn_at is None


def test_a_conversation_taken_out_ends_and_its_judgements_stay(
    page: Client, manager: Client, chat: Assignment, give: Give, second_annotator: Person
) -> None:
    chosen(said(give(second_annotator), "Hello?", "A", "B"))  # the same first words in somebody else's conversation
    turns = [chosen(said(chat, "Hello?", "C", "D")), chosen(said(chat, "Something unsafe", "E", "F"))]
    send(page, chat, reason="unsafe", about="")
    report = Report.objects.get()
    assert report.candidate is None
    assert "Take the conversation out" in manager.get(LIST).content.decode()
    resolve(manager, report, "upheld")
    chat.refresh_from_db()
    assert chat.state == Assignment.State.REVOKED
    rejected = Prompt.objects.filter(review_state=Prompt.Review.REJECTED)
    assert [prompt.messages[-1]["content"] for prompt in rejected] == ["Something unsafe"]
    assert all(turn.judgement and turn.judgement.is_current for turn in turns)
    html = page.post(reverse("chat_send", args=["letters", chat.pk]), {"text": "More?"}, follow=True).content.decode()
    assert "taken away" in html


def test_withdrawn_only_nobody_else_gets_it(chat: Assignment, owner: Person) -> None:
    chosen(said(chat, "Hello?"))
    report = reports.report(assignment=chat, reason="language")
    assert reports.resolve(report=report, by=owner, verdict="withdrawn")
    chosen(said(chat, "More?"))
    assert choosing.Closing().checked(chat)
    assert Task.objects.get(kind="chat").withdrawn_at
    assert not Prompt.objects.filter(review_state=Prompt.Review.REJECTED).exists()


def test_before_the_first_word_and_after_the_last(chat: Assignment, page: Client) -> None:
    send(page, chat, reason="unsafe")
    assert Report.objects.get().conversation
    chosen(said(chat, "Hello?"))
    page.post(reverse("submit", args=["letters", chat.pk]), {"remark": ""})
    send(page, chat, reason="broken")
    assert set(Report.objects.values_list("reason", flat=True)) == {"unsafe", "broken"}


def test_said_twice_it_is_one_report(chat: Assignment) -> None:
    turn = said(chat, "Hello?")
    for note in ("hm", "really"):
        reports.report(assignment=chat, reason="broken", candidate_id=turn.shown[0], note=note)
    assert Report.objects.get().note == "really"
    reports.report(assignment=chat, reason="broken", candidate_id=turn.shown[1])
    reports.report(assignment=chat, reason="broken")
    assert Report.objects.count() == 3


def test_what_does_not_fit_is_refused(page: Client, chat: Assignment, give: Give, second_annotator: Person) -> None:
    stranger = said(give(second_annotator), "Mine").shown[0]
    assert "choose what is wrong" in send(page, chat, about="")
    assert "choose what is wrong" in send(page, chat, reason="unsafe", about=str(stranger))
    with pytest.raises(reports.NotReportable, match="not in the conversation"):
        reports.report(assignment=chat, reason="unsafe", candidate_id=stranger)
    assert not Report.objects.exists()


def test_others_find_nothing(chat: Assignment, outsider: Person, second_annotator: Person, signed_in: Sign) -> None:
    said(chat, "Hello?")
    for who in (outsider, second_annotator):
        answer = signed_in(who).post(reverse("report", args=["letters", chat.pk]), {"reason": "unsafe"})
        assert answer.status_code == 404
    assert not Report.objects.exists()


def test_a_report_is_of_a_prompt_or_of_a_chat(chat: Assignment) -> None:
    report = reports.report(assignment=chat, reason="unsafe")
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.filter(pk=report.pk).update(conversation=None)


def test_skipped_as_well(page: Client, chat: Assignment) -> None:
    chosen(said(chat, "Hello?"))
    send(page, chat, reason="unsafe", skip="on")
    chat.refresh_from_db()
    assert chat.state == Assignment.State.SKIPPED


def test_a_writing_task_has_nothing_to_report(
    page: Client, project: Project, annotator: Person, chat: Assignment
) -> None:
    Task.objects.filter(pk=chat.task_id).update(kind="write_prompt", brief={})
    assert (
        "nothing of the kind"
        in page.post(
            reverse("report", args=["letters", chat.pk]), {"reason": "unsafe"}, headers={"accept": "application/json"}
        ).content.decode()
    )


def test_many_reports_cost_no_more_statements(
    manager: Client, chat: Assignment, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for number in range(6):
        turn = said(chat, f"Message {number}")
        reports.report(assignment=chat, reason="unsafe", candidate_id=turn.shown[0])
        if number < 5:
            chosen(turn)
    with django_assert_max_num_queries(20):  # type: ignore[attr-defined]
        assert manager.get(LIST).status_code == 200


def test_the_verdict_of_a_turn_is_untouched_by_a_report(chat: Assignment) -> None:
    turn = said(chat, "Hello?", "A", "B")
    reports.report(assignment=chat, reason="broken", candidate_id=turn.shown[1])
    a, b = turn.shown
    done = choosing.judge(turn=turn, verdict=Verdict(overall([[b], [a]])))
    assert done.state == Turn.State.DONE
    assert Sample.objects.filter(usable=True).count() == 2


def test_over_the_api(api: Api, annotator: Person, outsider: Person, chat: Assignment) -> None:
    turn = said(chat, "Hello?", "A", "B")
    path = f"/api/v1/assignments/{chat.pk}/report/"
    sent = {"reason": "personal", "answer": turn.shown[0], "note": "a number"}
    made = api(annotator).post(path, sent, format="json")
    assert made.status_code == 201
    assert (made.json()["candidate"], made.json()["conversation"]) == (turn.shown[0], turn.conversation_id)
    assert api(annotator).post(path, {"reason": "unsafe"}, format="json").json()["candidate"] is None
    for wrong in ({"reason": "ugly"}, {"reason": "unsafe", "answer": 10**9}, {"reason": "unsafe", "sample": 7}, {}):
        assert api(annotator).post(path, wrong, format="json").status_code == 400
    assert api(outsider).post(path, sent, format="json").status_code == 404
    assert Report.objects.count() == 2


def test_over_the_api_of_a_ranking(api: Api, annotator: Person, project: Project, fill: Callable[[int], None]) -> None:
    fill(1)
    task = leases.lease_next(person=annotator, project=project)
    path = f"/api/v1/assignments/{task.pk}/report/"
    made = api(annotator).post(path, {"reason": "broken", "sample": task.shown[1]}, format="json")
    assert made.status_code == 201
    assert made.json()["sample"] == task.shown[1]
    assert api(annotator).post(path, {"reason": "broken", "answer": task.shown[1]}, format="json").status_code == 400
