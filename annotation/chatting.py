"""Live chat: a message, answers from several hidden models, a choice, and on with the winner.

Here is what a conversation is and how a turn comes and goes; choosing.py judges it, workers/chatting.py has it
answered. Who writes locks the conversation first, so that two tabs make one turn.
"""

import random
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation import assignment as leases
from annotation.briefs import Brief
from annotation.content import Message, storable
from annotation.judging import NoLongerOpen
from annotation.models import Assignment, Candidate, Conversation, Turn

LONGEST_MESSAGE = 8_000  # characters
LONGEST_CONVERSATION = 100_000  # characters, the answers that it went on with included
MOST_ROUNDS = 5  # how often one turn may be asked

Voice = dict[str, Any]  # {"generator": id, "sampling": {temperature, …}}


class NotNow(Exception):
    """The conversation is not where this would make sense; `code` names why, the message is for the person.

    Codes: `open` (another message is being answered), `other` (the conversation has gone on), `turns`, `long`, `empty`,
    `state` (the turn is not in the state for it), `judged`, `often`.
    """

    def __init__(self, code: str, sentence: str):
        super().__init__(sentence)
        self.code = code


def begin(assignment: Assignment) -> Conversation:
    """The assignment's conversation, its row locked until the transaction ends. Raises `NoLongerOpen`."""
    current = Assignment.objects.select_related("project", "person", "task__lane").get(pk=assignment.pk)
    if current.state not in (Assignment.State.LEASED, Assignment.State.EXPIRED):
        words = _("This conversation is %(state)s: it cannot go on.")
        raise NoLongerOpen(words % {"state": current.get_state_display().lower()})
    family = {"project": current.project, "family": f"chat:{current.pk}"}
    made = Conversation.objects.get_or_create(assignment=current, defaults=family)[0]
    conversation = Conversation.objects.select_for_update(of=("self",)).get(pk=made.pk)
    conversation.assignment, conversation.project = current, current.project
    return conversation


def brief_of(conversation: Conversation) -> Brief:
    return Brief.of(conversation.assignment.task)


def messages(conversation: Conversation, before: int | None = None) -> list[Message]:
    """What was said up to turn `before` (all of it without): each message with the answer that won."""
    said = opening(conversation)
    turns = conversation.turns.filter(state=Turn.State.DONE, winner__isnull=False).select_related("winner")
    for turn in turns.filter(number__lt=before) if before else turns:
        said += [{"role": "user", "content": turn.text}, {"role": "assistant", "content": winner_of(turn).text}]
    return said


def opening(conversation: Conversation) -> list[Message]:
    """The system message, where the brief has one."""
    system = brief_of(conversation).system
    return [{"role": "system", "content": system}] if system else []


def asked(turn: Turn) -> list[Message]:
    """The messages that the turn's answers answer."""
    return [*messages(turn.conversation, turn.number), {"role": "user", "content": turn.text}]


def winner_of(turn: Turn) -> Candidate:
    assert turn.winner is not None
    return turn.winner


def add_turn(*, conversation: Conversation, text: str, number: int | None = None) -> tuple[Turn, bool]:
    """The turn of this message, and whether it is new; the conversation must be locked (`begin`) and have voices.

    The same message again is the same turn. `number` says which turn the sender takes it for. Raises `NotNow`.
    """
    text = storable(text).replace("\r\n", "\n").strip()  # forms end lines their own way
    last = conversation.turns.kept().last()
    if last and last.text == text and (last.is_open if number is None else last.number == number):
        return last, False
    _check_place(conversation, last, number)
    _check_length(conversation, text)
    turn = Turn.objects.create(conversation=conversation, number=last.number + 1 if last else 1, text=text)
    Candidate.objects.bulk_create(_candidate(turn, *placed) for placed in enumerate(_shuffled(conversation.voices)))
    forget_draft(conversation.assignment)
    leases.renew(conversation.assignment)
    return turn, True


def forget_draft(assignment: Assignment) -> None:
    """What was a draft of a message or a judgement is sent; that of the last word on the conversation stays."""
    rest = {name: value for name, value in (assignment.draft or {}).items() if name == "remark"}
    Assignment.objects.filter(pk=assignment.pk).update(draft=rest or None)


def _candidate(turn: Turn, place: int, voice: Voice) -> Candidate:
    sampling, generator = voice["sampling"], voice["generator"]
    return Candidate(turn=turn, place=place, generator_id=generator, parameters=sampling, seed=new_seed())


def _shuffled(voices: Sequence[Voice]) -> list[Voice]:
    """Anew at every turn, so that a place on the page never comes to stand for a model."""
    return random.sample(voices, len(voices))


def _check_place(conversation: Conversation, last: Turn | None, number: int | None) -> None:
    if last and last.is_open:
        raise NotNow(
            "open", _("Another message is being answered already, perhaps from another tab: choose there first.")
        )
    if number is not None and number != (last.number + 1 if last else 1):
        raise NotNow("other", _("The conversation has gone on meanwhile, perhaps in another tab: look at it first."))
    if last and last.number >= brief_of(conversation).max_turns:
        raise NotNow("turns", _("This conversation has had all its turns: end it."))


def _check_length(conversation: Conversation, text: str) -> None:
    if not text:
        raise NotNow("empty", _("The message is empty: write something."))
    if len(text) > LONGEST_MESSAGE:
        words = _("A message has at most %(most)s characters, this one has %(found)s.")
        raise NotNow("long", words % {"most": f"{LONGEST_MESSAGE:,}", "found": f"{len(text):,}"})
    if len(text) + sum(len(message["content"]) for message in messages(conversation)) > LONGEST_CONVERSATION:
        words = _("A conversation has at most %(most)s characters: end this one.")
        raise NotNow("long", words % {"most": f"{LONGEST_CONVERSATION:,}"})


def new_seed() -> int:
    return random.getrandbits(31)


@transaction.atomic
def take_back(*, turn: Turn) -> bool:
    """Take a message back before it is judged: it never was said. False when it is too late."""
    return bool(Turn.objects.open().filter(pk=turn.pk).update(state=Turn.State.CANCELLED, done_at=timezone.now()))


@transaction.atomic
def ask_again(*, turn: Turn) -> Turn:
    """Have the answers that did not come (or that said the same) asked for once more. Raises `NotNow`."""
    turn = locked(turn)
    lacking = turn.candidates.filter(state__in=[Candidate.State.FAILED, Candidate.State.SAME])
    if turn.state not in (Turn.State.READY, Turn.State.FAILED) or not lacking.exists():
        raise NotNow("state", _("There is nothing to ask for again."))
    if turn.rounds >= MOST_ROUNDS:
        raise NotNow("often", _("The models were asked often enough: change the message, or report the task."))
    for candidate in lacking:
        candidate.state, candidate.seed = Candidate.State.WANTED, new_seed()
        candidate.error, candidate.error_words = "", None
        candidate.save(update_fields=["state", "error", "error_words", "seed"])
    Turn.objects.filter(pk=turn.pk).update(
        state=Turn.State.WAITING, error="", shown=[], rounds=F("rounds") + 1, woken_at=None
    )
    turn.refresh_from_db()
    return turn


def locked(turn: Turn) -> Turn:
    """The turn as it is now, its conversation's row locked. Raises `NoLongerOpen`."""
    conversation = begin(turn.conversation.assignment)
    current = Turn.objects.select_related("winner").get(pk=turn.pk)
    current.conversation = conversation
    return current


def of(assignment: Assignment) -> Conversation | None:
    """The assignment's conversation where it has begun."""
    found = Conversation.objects.select_related("assignment__task__lane", "assignment__person", "project")
    return found.filter(assignment=assignment).first()


def turns(conversation: Conversation | None) -> Sequence[Turn]:
    """What was said, oldest first, without messages that were taken back."""
    if conversation is None:
        return []
    return list(conversation.turns.kept().select_related("winner", "judgement").order_by("number"))
