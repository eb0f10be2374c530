"""A chat on the workbench without a browser: shown, sent, heard, chosen, kept, and nothing that is not one's own."""

import json
from collections.abc import Callable

import pytest
from django.test import Client

from annotation import chatting
from annotation.models import Assignment, Candidate, Generator, Judgement, Person, Project, Turn
from annotation.presets import PRESETS
from tests.chat.conftest import Give, answered, chosen, said
from workers import chatting as sending
from workers import live

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(2)> [a](javascript:alert(3)) \u202edcba"


@pytest.fixture
def page(signed_in: Callable[[Person], Client], annotator: Person) -> Client:
    return signed_in(annotator)


@pytest.fixture
def url(chat: Assignment) -> Callable[[str], str]:
    return lambda act="": f"/p/letters/work/{chat.pk}/" + (f"chat/{act}/" if act else "")


def test_it_works(page: Client, chat: Assignment, url: Callable[[str], str]) -> None:
    html = page.get("/p/letters/work/").content.decode()
    assert 'name="text"' in html
    assert page.post(url("send"), {"text": "Hello?", "number": "1"}).status_code == 302
    turn = Turn.objects.get()
    assert "The answers are being written" in page.get(url("")).content.decode()
    answered(turn, "**Hi**", "Ho")
    html = page.get(url("")).content.decode()
    assert "<strong>Hi</strong>" in html
    assert "Choose the better answer" in html
    turn.refresh_from_db()
    assert page.post(url("1/choose"), {"best": turn.shown[1], "seconds": "0.01"}).status_code == 302
    judgement = Judgement.objects.get()
    assert judgement.rankings.get().groups[0] == [Candidate.objects.get(pk=turn.shown[1]).sample_id]
    assert judgement.source == "browser"
    html = page.get(url("")).content.decode()
    assert 'name="text"' in html
    assert "9 turns left" in html
    assert page.post(f"{url('')}submit/", {"remark": "Nice."}).status_code == 302
    assert Judgement.objects.get(task=chat.task).comment == "Nice."
    assert "Chat of 1 turns" in page.get("/p/letters/mine/").content.decode()
    assert "Look back at a chat" in page.get(url("")).content.decode()


def test_models_are_never_named(
    page: Client, chat: Assignment, url: Callable[[str], str], models: list[Generator]
) -> None:
    turn = said(chat, "Hello?", "Hi", "Ho")
    pages = [page.get(url("")), page.get(url("1/hear"))]
    chosen(turn)
    pages.append(page.get(url("")))
    failed = said(chat, "More?", "Hi", "")
    failed.candidates.update(error="model 1 at http://secret/ did not answer")
    pages.append(page.get(url("")))
    for answer in pages:
        html = answer.content.decode()
        assert not any(model.name in html or model.location in html for model in models)
        assert "temperature" not in html
        assert "secret" not in html


def test_outsiders_and_others_find_nothing(
    chat: Assignment,
    url: Callable[[str], str],
    signed_in: Callable[[Person], Client],
    second_annotator: Person,
    owner: Person,
    viewer: Person,
    outsider: Person,
) -> None:
    said(chat, "Hello?")
    for person in (second_annotator, owner, viewer, outsider):
        client = signed_in(person)
        assert client.get(url("")).status_code == 404
        assert client.get(url("1/hear")).status_code == 404
        for act in ("send", "draft", "1/choose", "1/go-on", "1/again", "1/take-back"):
            assert client.post(url(act), {"text": "x"}).status_code == 404, act
    assert Client().get(url("1/hear")).status_code == 302


def test_hostile_text_is_tame_everywhere(page: Client, chat: Assignment, url: Callable[[str], str]) -> None:
    turn = sending.send(assignment=chat, text=HOSTILE)
    first = turn.candidates.all()[0]
    live.Telling(turn.pk, "1.1").say({first.pk: HOSTILE}, now=True)
    pages = [page.get(url("")).content.decode()]
    heard = json.loads(page.get(url("1/hear")).content)
    assert "\u202e" not in heard["texts"][str(first.pk)]
    chosen(answered(turn, HOSTILE, "Ho"))
    pages.append(page.get(url("")).content.decode())
    for html in pages:
        body = html.partition("<main")[2]
        assert "<script>alert" not in body
        assert "<img" not in body
        assert 'href="javascript' not in body
        assert "\u202e" not in body


def test_what_is_heard_comes_in_pieces(page: Client, chat: Assignment, url: Callable[[str], str]) -> None:
    turn = sending.send(assignment=chat, text="Hello?")
    first, second = (candidate.pk for candidate in turn.candidates.all())
    telling = live.Telling(turn.pk, "1.1")
    telling.say({first: "Once upon", second: ""}, now=True)
    heard = page.get(url("1/hear")).json()
    assert (heard["begin"], heard["texts"], heard["have"]) == (
        True, {str(first): "Once upon"}, {str(first): 9, str(second): 0},
    )  # fmt: skip
    asked = {"take": heard["take"], "have": [f"{first}:9", f"{second}:0"]}
    assert page.get(url("1/hear"), asked).status_code == 204
    telling.say({first: "Once upon a time"}, now=True)
    assert page.get(url("1/hear"), asked).json()["texts"] == {str(first): " a time"}
    live.Telling(turn.pk, "1.2").say({first: "Anew"}, now=True)
    again = page.get(url("1/hear"), asked).json()
    assert (again["begin"], again["texts"]) == (True, {str(first): "Anew"})
    for nonsense in ("x", "1", "1:x", f"{first}:{'9' * 40}", ":"):
        assert page.get(url("1/hear"), {"take": "1.2", "have": nonsense}).status_code == 200
    answered(turn, "A", "B")
    assert page.get(url("1/hear")).json() == {"state": "ready"}


def test_hearing_is_cheap(
    page: Client, chat: Assignment, url: Callable[[str], str], django_assert_max_num_queries: Callable[[int], object]
) -> None:
    sending.send(assignment=chat, text="Hello?")
    page.get(url("1/hear"))
    with django_assert_max_num_queries(4):  # type: ignore[attr-defined]
        page.get(url("1/hear"))


def test_a_message_that_cannot_be_sent_stays_in_the_field(
    page: Client, chat: Assignment, url: Callable[[str], str]
) -> None:
    for text, words in ((" ", "message is empty"), ("x" * (chatting.LONGEST_MESSAGE + 1), "at most")):
        answer = page.post(url("send"), {"text": text})
        assert answer.status_code == 422
        assert words in answer.content.decode()
    chosen(said(chat, "Hello?"))
    late = page.post(url("send"), {"text": "My words", "number": "1"})
    assert late.status_code == 422
    html = late.content.decode()
    assert "gone on meanwhile" in html
    assert "My words</textarea>" in html


def test_a_message_in_a_second_tab_is_shown_with_why_it_was_not_sent(
    page: Client, chat: Assignment, url: Callable[[str], str]
) -> None:
    sending.send(assignment=chat, text="First")
    late = page.post(url("send"), {"text": "From the other tab", "number": "1"})
    html = late.content.decode()
    assert late.status_code == 422
    assert "being answered already" in html
    assert "From the other tab" in html
    assert Turn.objects.count() == 1


def test_drafts_are_kept_and_go_with_what_was_sent(page: Client, chat: Assignment, url: Callable[[str], str]) -> None:
    kept = page.post(url("draft"), {"text": "Half a mess", "remark": "So far", "best": "1", "evil": "x"})
    assert kept.status_code == 204
    chat.refresh_from_db()
    assert chat.draft == {"text": "Half a mess", "remark": "So far"}
    assert "Half a mess</textarea>" in page.get(url("")).content.decode()
    page.post(url("send"), {"text": "Half a message"})
    chat.refresh_from_db()
    assert chat.draft == {"remark": "So far"}


def test_a_message_taken_back_stands_in_the_field_again(
    page: Client, chat: Assignment, url: Callable[[str], str]
) -> None:
    said(chat, "Helo")
    assert page.post(url("1/take-back")).status_code == 302
    assert "Helo</textarea>" in page.get(url("")).content.decode()


def test_too_few_answers_can_be_asked_for_again(page: Client, chat: Assignment, url: Callable[[str], str]) -> None:
    said(chat, "Hello?", "Hi", "")
    html = page.get(url("")).content.decode()
    assert "1 of 2 answers came" in html
    page.post(url("1/again"))
    assert Turn.objects.get().state == Turn.State.WAITING


def test_where_all_said_the_same_one_goes_on(page: Client, chat: Assignment, url: Callable[[str], str]) -> None:
    turn = said(chat, "Hello?", "Hi", "Ho")
    Turn.objects.filter(pk=turn.pk).update(shown=turn.shown[:1])
    assert "All models said the same" in page.get(url("")).content.decode()
    page.post(url("1/go-on"))
    assert Turn.objects.get().state == Turn.State.DONE


def test_choosing_without_a_choice_or_of_a_stranger(page: Client, chat: Assignment, url: Callable[[str], str]) -> None:
    said(chat, "Hello?")
    for form in ({}, {"best": "999999999"}, {"best": "x"}):
        answer = page.post(url("1/choose"), form)
        assert answer.status_code == 422, form
    assert not Judgement.objects.exists()
    assert page.post(url("1/choose"), {"all_bad": "on"}).status_code == 302
    assert Turn.objects.get().winner is None
    assert "No answer was good enough" in page.get(url("")).content.decode()


def test_a_second_tab_that_chooses_otherwise_is_told(page: Client, chat: Assignment, url: Callable[[str], str]) -> None:
    turn = said(chat, "Hello?")
    page.post(url("1/choose"), {"best": turn.shown[0]})
    assert page.post(url("1/choose"), {"best": turn.shown[0]}).status_code == 302
    page.post(url("1/choose"), {"best": turn.shown[1]})
    assert "judged already" in page.get(url("")).content.decode()
    assert Judgement.objects.count() == 1


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_can_chat(page: Client, project: Project, give: Give, annotator: Person, preset: str) -> None:
    for name, value in PRESETS[preset].defaults.items():
        setattr(project, name, value)
    project.save()
    chat = give(annotator)
    turn = said(chat, "Hello?")
    url = f"/p/letters/work/{chat.pk}/chat/1/choose/"
    a, b = turn.shown
    asked = project.questions
    form = {"best": str(a), "strength": "2"}
    for part in ("", *(f"-{item['name']}" for item in asked.get("criteria", [])[1:])):
        form |= {f"rank-{a}{part}": "1", f"rank-{b}{part}": "2"}
    form |= {f"scale-{a}-{scale['name']}": str(scale["max"]) for scale in asked.get("scales", [])}
    answer = page.post(url, form)
    assert answer.status_code == 302, answer.content.decode()
    judgement = Judgement.objects.get()
    assert judgement.rankings.count() == max(1, len(asked.get("criteria", [])))
    assert sum(map(len, judgement.ratings.values())) == len(asked.get("scales", []))
    assert chatting.winner_of(Turn.objects.get()).pk == a


def test_ratings_are_offered_or_asked(page: Client, project: Project, give: Give, annotator: Person) -> None:
    project.questions = PRESETS["chat"].questions
    project.save()
    chat = give(annotator, must_rate=True)
    turn = said(chat, "Hello?")
    answer = page.post(f"/p/letters/work/{chat.pk}/chat/1/choose/", {"best": turn.shown[0]})
    assert answer.status_code == 422
    assert "Not rated yet" in answer.content.decode()


def test_all_are_ranked_where_the_brief_says_so(page: Client, give: Give, annotator: Person) -> None:
    chat = give(annotator, answers=3, ranks=True)
    turn = said(chat, "Hello?", "A", "B", "C")
    html = page.get(f"/p/letters/work/{chat.pk}/").content.decode()
    assert "Put the answers in order" in html
    form = {f"rank-{c}": str(rank) for c, rank in zip(turn.shown, (2, 1, 2), strict=True)}
    assert page.post(f"/p/letters/work/{chat.pk}/chat/1/choose/", form).status_code == 302
    assert [len(group) for group in Judgement.objects.get().rankings.get().groups] == [1, 2]


def test_the_page_of_a_long_chat_costs_no_more_statements(
    page: Client, chat: Assignment, url: Callable[[str], str], django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for number in range(8):
        chosen(said(chat, f"Message {number}"))
    page.get(url(""))
    with django_assert_max_num_queries(22):  # type: ignore[attr-defined]
        page.get(url(""))


def test_without_a_model_it_is_said(page: Client, project: Project, give: Give, annotator: Person) -> None:
    project.generators.all().delete()
    Generator.objects.create(project=project, name="x", backend="openai", location="http://elsewhere.example/v1")
    chat = give(annotator)
    answer = page.post(f"/p/letters/work/{chat.pk}/chat/send/", {"text": "Hello?"})
    assert answer.status_code == 422
    assert "No model can answer" in answer.content.decode()


def test_of_several_best_ones_the_person_says_with_which_it_goes_on(
    page: Client, give: Give, annotator: Person
) -> None:
    chat = give(annotator, answers=3, ranks=True)
    turn = said(chat, "Hello?", "A", "B", "C")
    here = f"/p/letters/work/{chat.pk}/"
    assert "If several are best, go on with" in page.get(here).content.decode()
    form = {f"rank-{c}": str(rank) for c, rank in zip(turn.shown, (1, 1, 2), strict=True)}
    refused = page.post(f"{here}chat/1/choose/", form | {"go_on_with": turn.shown[2]})
    assert refused.status_code == 422
    assert "Answer C is not among the best" in refused.content.decode()
    assert page.post(f"{here}chat/1/choose/", form | {"go_on_with": turn.shown[1]}).status_code == 302
    turn.refresh_from_db()
    assert (turn.winner_id, turn.chosen_by) == (turn.shown[1], Turn.ChosenBy.PERSON)
    assert [len(group) for group in Judgement.objects.get().rankings.get().groups] == [2, 1]


def test_where_ties_are_not_allowed_nobody_is_asked(
    page: Client, project: Project, give: Give, annotator: Person
) -> None:
    project.allow_ties = False
    project.save()
    chat = give(annotator, answers=3, ranks=True)
    turn = said(chat, "Hello?", "A", "B", "C")
    here = f"/p/letters/work/{chat.pk}/"
    assert "If several are best" not in page.get(here).content.decode()
    form = {f"rank-{c}": "1" for c in turn.shown}
    assert "does not allow ties" in page.post(f"{here}chat/1/choose/", form).content.decode()
    assert not Judgement.objects.exists()
