"""What the page of a conversation shows: what was said, the turn that is open, and what the person can do next."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from annotation import chatting
from annotation.briefs import Brief
from annotation.chatting import NotNow
from annotation.models import Assignment, Candidate, Judgement, Turn
from webapp.workbench.chat_forms import ClosingForm, MessageForm, TurnForm
from webapp.workbench.order import LETTERS
from webapp.workbench.ranking import Answer, with_texts
from workers import chatting as sending
from workers import live


@dataclass(frozen=True)
class Column:
    """One answer while it is written: only its place is known of who writes it."""

    id: int
    letter: str
    text: str
    ended: bool


def context(form: ClosingForm) -> dict[str, Any]:
    """See `kinds.Kind.context`."""
    assignment = form.assignment
    brief, conversation = Brief.of(assignment.task), chatting.of(assignment)
    turns = list(chatting.turns(conversation))
    current = turns[-1] if turns and turns[-1].is_open else None
    done = [turn for turn in turns if turn is not current]
    ended = assignment.state == Assignment.State.JUDGED
    full = len(done) >= brief.max_turns
    if not turns and not ended:
        sending.warm(assignment)  # the model loads while the person thinks of what to say
    return {
        "title": _("Chat"),
        "brief": brief,
        "turns": done,
        "left": brief.max_turns - len(turns),
        "turn": current,
        "full": full,
        "message_form": None if current or full or ended else message_form(assignment, len(turns) + 1),
        **(of_turn(current, assignment) if current else {}),
        "say": _say(current),
    }


def message_form(assignment: Assignment, number: int) -> MessageForm:
    kept = (assignment.draft or {}).get("text", "")
    return MessageForm(initial={"text": kept or _taken_back(assignment), "number": number})


def _taken_back(assignment: Assignment) -> str:
    """The last message, where it was taken back: most likely to be said otherwise."""
    last = Turn.objects.filter(conversation__assignment=assignment).order_by("-pk").first()
    return last.text if last and last.state == Turn.State.CANCELLED else ""


def of_turn(turn: Turn, assignment: Assignment) -> dict[str, Any]:
    candidates = list(turn.candidates.all())
    came = sum(candidate.state == Candidate.State.DONE for candidate in candidates)
    facts: dict[str, Any] = {"wanted": len(candidates), "came": came, "missing": len(candidates) - came}
    if turn.is_unanswered:
        return {**facts, "columns": columns(turn, candidates)}
    facts["again"] = turn.rounds < chatting.MOST_ROUNDS and came < len(candidates)
    if turn.state != Turn.State.READY:
        return facts
    form = TurnForm(turn=turn, assignment=assignment, initial=assignment.draft or {})
    return {**facts, **of_answers(form, {c.pk: c.text for c in candidates})}


def of_answers(form: TurnForm, texts: dict[int, str]) -> dict[str, Any]:
    shown: list[Answer] = with_texts(form, texts)
    return {"turn_form": form, "answers": shown, "alone": len(shown) == 1}


def columns(turn: Turn, candidates: list[Candidate]) -> list[Column]:
    heard = live.heard(turn.pk).texts
    return [
        Column(c.pk, LETTERS[c.place], c.text or heard.get(c.pk, ""), c.state != Candidate.State.WANTED)
        for c in candidates
    ]


def _say(turn: Turn | None) -> str:
    """What a screen reader hears when this has come onto the page."""
    if turn is None:
        return ""
    if turn.is_unanswered:
        return _("The answers are being written.")
    return _("The answers are here.") if turn.state == Turn.State.READY else _("Too few answers came.")


def words(refusal: NotNow) -> str:
    """A refusal of the domain in the reader's language."""
    return {
        "open": _("Another message is being answered already, perhaps from another tab: choose there first."),
        "other": _("The conversation has gone on meanwhile, perhaps in another tab: look at it first."),
        "turns": _("This conversation has had all its turns: end it."),
        "empty": _("The message is empty: write something."),
        "long": _("That is too long for one conversation: shorten the message, or end the conversation."),
        "judged": _("This turn is judged already; its judgement can be revised under My judgements."),
        "often": _("The models were asked often enough: change the message, or skip the task."),
    }.get(refusal.code, _("The conversation has gone on meanwhile, perhaps in another tab: look at it first."))


def summary(judgement: Judgement) -> str:
    """See `kinds.Kind.summary`."""
    turns = Turn.objects.filter(conversation__assignment__judgements=judgement, state=Turn.State.DONE).count()
    return _("Chat of %(turns)d turns") % {"turns": turns}
