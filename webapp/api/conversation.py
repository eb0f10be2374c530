"""A conversation as its person may see it through the API: never a model's name (promise 4)."""

from typing import Any

from rest_framework import serializers

from annotation import chatting
from annotation.briefs import Brief
from annotation.models import Assignment, Candidate, Conversation, Turn
from workers import live


class AnswerSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    text = serializers.CharField()
    finished = serializers.BooleanField()


class TurnSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Turn.State.choices)
    text = serializers.CharField(help_text="Your message.")
    answers = AnswerSerializer(
        many=True, help_text="While they are written: what there is of them. Ready: those to judge, by these ids."
    )
    wanted = serializers.IntegerField(help_text="How many answers were asked for.")
    winner = serializers.IntegerField(allow_null=True, help_text="The answer that the conversation goes on with.")
    chosen_by = serializers.ChoiceField(
        choices=Turn.ChosenBy.choices, allow_blank=True, help_text="Why it goes on with that one."
    )


class ChatSerializer(serializers.Serializer[Any]):
    instruction = serializers.CharField(help_text="What to talk about; may be empty.")
    answers = serializers.IntegerField(help_text="How many answers come at each turn.")
    ranks = serializers.BooleanField(help_text="Whether all answers are to be put in order; else the best is chosen.")
    must_rate = serializers.BooleanField()
    max_turns = serializers.IntegerField()
    turns_left = serializers.IntegerField()
    turn = TurnSerializer(allow_null=True, help_text="The last turn, open or done.")


def state(assignment: Assignment) -> dict[str, Any]:
    """The task's brief, and how far the conversation is."""
    brief = Brief.of(assignment.task)
    turns = chatting.turns(chatting.of(assignment))
    return {
        "instruction": brief.instruction,
        "answers": brief.answers,
        "ranks": brief.ranks,
        "must_rate": brief.must_rate,
        "max_turns": brief.max_turns,
        "turns_left": brief.max_turns - len(turns),
        "turn": described(turns[-1]) if turns else None,
    }


def said(assignment: Assignment) -> list[dict[str, str]]:
    """The messages so far, each with the answer that won."""
    conversation = chatting.of(assignment) or Conversation(assignment=assignment)
    return chatting.messages(conversation) if conversation.pk else chatting.opening(conversation)


def described(turn: Turn) -> dict[str, Any]:
    candidates = list(turn.candidates.all())
    return {
        "number": turn.number,
        "state": turn.state,
        "text": turn.text,
        "answers": _live(turn, candidates) if turn.is_unanswered else _finished(turn, candidates),
        "wanted": len(candidates),
        "winner": turn.winner_id,
        "chosen_by": turn.chosen_by,
    }


def _live(turn: Turn, candidates: list[Candidate]) -> list[dict[str, Any]]:
    heard = live.heard(turn.pk).texts
    return [
        {"id": c.pk, "text": c.text or heard.get(c.pk, ""), "finished": c.state == Candidate.State.DONE}
        for c in candidates
    ]


def _finished(turn: Turn, candidates: list[Candidate]) -> list[dict[str, Any]]:
    texts = {candidate.pk: candidate.text for candidate in candidates}
    return [{"id": pk, "text": texts[pk], "finished": True} for pk in turn.shown]
