"""A chat task in the annotator's hands, and answers as a worker would leave them."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from annotation import assignment as leases
from annotation import choosing
from annotation.briefs import Brief, make_chat_tasks
from annotation.judging import Verdict, overall
from annotation.models import Assignment, Candidate, Generator, Person, Project, Turn
from annotation.wishes import Terms
from tests.generation.conftest import chat_model, plain_model, serve, talker
from workers import chatting

__all__ = ["chat_model", "plain_model", "serve", "talker"]

Give = Callable[..., Assignment]


@pytest.fixture
def models(project: Project) -> list[Generator]:
    """Three live generators; nobody really asks them here."""
    return [
        Generator.objects.create(
            project=project, name=f"model {n}", backend="openai", location=f"http://127.0.0.1:9/{n}"
        )
        for n in range(3)
    ]


@pytest.fixture
def give(project: Project, owner: Person, models: list[Generator]) -> Give:
    """`give(anna, answers=3)`: a new chat task with that brief, leased to her."""

    def of(person: Person, *, overlap: int = 1, **brief: object) -> Assignment:
        wished = Brief(**brief)  # type: ignore[arg-type]
        make_chat_tasks(project=project, by=owner, number=1, language="en", terms=Terms(overlap), brief=wished)
        held = Assignment.objects.filter(person=person).live().values_list("pk", flat=True)
        return leases.lease_next(person=person, project=project, holding=list(held))

    return of


@pytest.fixture
def chat(give: Give, annotator: Person) -> Assignment:
    return give(annotator)


def answered(turn: Turn, *texts: str) -> Turn:
    """The turn as its worker leaves it: a text for each answer that came, "" for one that failed."""
    Turn.objects.filter(pk=turn.pk).update(state=Turn.State.ANSWERING, attempt=1, heartbeat_at=timezone.now())
    turn.refresh_from_db()
    for candidate, text in zip(turn.candidates.all(), texts, strict=True):
        candidate.text, candidate.completion_tokens = text, 5
        candidate.state = Candidate.State.DONE if text else Candidate.State.FAILED
        candidate.save()
    chatting.finish(turn)
    turn.refresh_from_db()
    return turn


def said(chat: Assignment, text: str, *texts: str) -> Turn:
    """A message, answered."""
    return answered(chatting.send(assignment=chat, text=text), *(texts or (f"One to {text}", f"Two to {text}")))


def chosen(turn: Turn, place: int = 0) -> Turn:
    """The answer at this place is the best, the others are equal."""
    best = turn.shown[place]
    others = [candidate for candidate in turn.shown if candidate != best]
    return choosing.judge(turn=turn, verdict=Verdict(overall([[best], others])))
