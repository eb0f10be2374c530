"""Live chats: send a message, hear the answers, judge them; and for managers, tasks to chat and what was said."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import chatting, choosing, judging
from annotation.briefs import MOST_TURNS, Brief, make_chat_tasks
from annotation.checking import NotAcceptable
from annotation.models import Assignment, Conversation, Generator, Judgement, Project, Turn
from annotation.models.project import K_MAX, K_MIN
from annotation.models.task import DEFAULT_PRIORITY, PRIORITIES, TaskKind
from annotation.wishes import LONGEST_INSTRUCTION, MOST_AT_ONCE, Terms
from webapp.api import conversation
from webapp.api.access import MANAGES, READS_DATA, caller, project_for
from webapp.api.conversation import ChatSerializer, TurnSerializer
from webapp.api.errors import Conflict, Unprocessable
from webapp.api.paging import CursorPagination
from webapp.api.schema import PROBLEMS, page_of
from webapp.api.work import VerdictSerializer
from workers import chatting as sending
from workers import jobs


class MessageToSendSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=chatting.LONGEST_MESSAGE)
    number = serializers.IntegerField(
        min_value=1, max_value=1000, required=False,
        help_text="The turn that you take it for, from 1: with it, a message that is sent again is never a second one.",
    )  # fmt: skip


@extend_schema(responses={200: ChatSerializer, **PROBLEMS})
@api_view(["GET"])
def chat(request: Request, uuid: UUID) -> Response:
    """How far one's conversation is."""
    return Response(conversation.state(_mine(request, uuid)))


@extend_schema(request=MessageToSendSerializer, responses={202: TurnSerializer, **PROBLEMS})
@api_view(["POST"])
def turns(request: Request, uuid: UUID) -> Response:
    """Say something: hidden models answer. Look at the turn (Location) until it is ready."""
    assignment = _mine(request, uuid)
    sent = MessageToSendSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    return _accepted(assignment, _try(lambda: sending.send(assignment=assignment, **sent.validated_data)))


@extend_schema(responses={200: TurnSerializer, **PROBLEMS})
@api_view(["GET"])
def turn(request: Request, uuid: UUID, number: int) -> Response:
    """A turn: while it is answered, with what there is of the answers; a few looks a second cost little."""
    return Response(conversation.described(_turn(_mine(request, uuid), number)))


class TurnVerdictSerializer(VerdictSerializer):
    go_on_with = serializers.IntegerField(
        required=False, allow_null=True,
        help_text="Of several best answers, the one that the conversation goes on with; else it is the first of them.",
    )  # fmt: skip


@extend_schema(request=TurnVerdictSerializer, responses={200: TurnSerializer, **PROBLEMS})
@api_view(["PUT"])
def turn_judgement(request: Request, uuid: UUID, number: int) -> Response:
    """Judge the turn's answers, named by their ids; the conversation goes on with the best. Once more changes nothing.

    With `all_bad` and no ranking, the message stays without an answer. Where all models said the same there is one
    answer, and nothing to compare: the conversation just goes on with it.
    """
    found = _turn(_mine(request, uuid), number)
    sent = TurnVerdictSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    if len(found.shown) == 1 and found.state == Turn.State.READY:
        done = _try(lambda: choosing.go_on(turn=found))
    else:
        wish = {"go_on_with": sent.validated_data.pop("go_on_with", None), "source": Judgement.Source.API}
        done = _try(lambda: choosing.judge(turn=found, verdict=sent.verdict(), **wish))
    return Response(conversation.described(done))


@extend_schema(request=None, responses={202: TurnSerializer, **PROBLEMS})
@api_view(["POST"])
def turn_again(request: Request, uuid: UUID, number: int) -> Response:
    """Ask again for the answers that did not come, or that said the same as another."""
    assignment = _mine(request, uuid)
    found = _turn(assignment, number)
    return _accepted(assignment, _try(lambda: sending.ask_again(found)))


@extend_schema(request=None, responses={204: None, **PROBLEMS})
@api_view(["POST"])
def turn_cancel(request: Request, uuid: UUID, number: int) -> Response:
    """Take the message back before it is judged: it was never sent."""
    if not chatting.take_back(turn=_turn(_mine(request, uuid), number)):
        raise Conflict("This turn is judged: it can no longer be taken back.")
    return Response(status=204)


def _accepted(assignment: Assignment, found: Turn) -> Response:
    where = reverse("api:chat_turn", args=[assignment.pk, found.number])
    return Response(conversation.described(found), status=202, headers={"Location": where})


def _mine(request: Request, uuid: UUID) -> Assignment:
    mine = Assignment.objects.visible_to(request.user).filter(task__kind=TaskKind.CHAT)
    return get_object_or_404(mine.select_related("project", "task__lane", "person"), pk=uuid)


def _turn(assignment: Assignment, number: int) -> Turn:
    kept = Turn.objects.kept().select_related("conversation__assignment", "conversation__project")
    return get_object_or_404(kept, conversation__assignment=assignment, number=number)


def _try(act: Any) -> Turn:
    """Act, with the domain's refusals as problems."""
    try:
        return act()  # type: ignore[no-any-return]
    except NotAcceptable as error:
        raise ValidationError({error.about: [str(error)]}) from error
    except (chatting.NotNow, judging.NoLongerOpen) as refusal:
        raise Conflict(str(refusal)) from refusal
    except jobs.Refused as refusal:
        raise Unprocessable(str(refusal)) from refusal


class ChatTasksSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField(min_value=1, max_value=MOST_AT_ONCE)
    instruction = serializers.CharField(
        max_length=LONGEST_INSTRUCTION, required=False, allow_blank=True, help_text="What people should talk about."
    )
    system = serializers.CharField(
        max_length=LONGEST_INSTRUCTION, required=False, allow_blank=True, help_text="The models' system message."
    )
    answers = serializers.IntegerField(min_value=K_MIN, max_value=K_MAX, required=False, help_text="2 if not given")
    max_turns = serializers.IntegerField(min_value=1, max_value=MOST_TURNS, required=False, help_text="10 if not given")
    ranks = serializers.BooleanField(required=False, help_text="All are put in order; else the best is chosen.")
    must_rate = serializers.BooleanField(required=False, help_text="The project's scales are asked at every turn.")
    generators = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, max_length=50,
        help_text="Names of the models to draw from; all that can answer if not given.",
    )  # fmt: skip
    language = serializers.CharField(max_length=16, required=False, allow_blank=True)
    overlap = serializers.IntegerField(min_value=1, max_value=100, required=False)
    priority = serializers.IntegerField(min_value=PRIORITIES[0], max_value=PRIORITIES[-1], required=False)
    cohort = serializers.CharField(max_length=60, required=False, allow_blank=True)


class ChatTasksMadeSerializer(serializers.Serializer[Any]):
    tasks = serializers.ListField(child=serializers.IntegerField())


class SaidAnswerSerializer(serializers.Serializer[Any]):
    generator = serializers.CharField()
    parameters = serializers.DictField()
    state = serializers.CharField()
    text = serializers.CharField()
    error = serializers.CharField()
    sample = serializers.IntegerField(allow_null=True)
    winner = serializers.BooleanField()


class SaidTurnSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    state = serializers.CharField()
    text = serializers.CharField()
    judgement = serializers.IntegerField(allow_null=True)
    chosen_by = serializers.CharField(help_text="Why it went on with the winner; several best ones are a tie.")
    answers = SaidAnswerSerializer(many=True)


class ConversationSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    assignment = serializers.UUIDField()
    task = serializers.IntegerField()
    person = serializers.CharField()
    state = serializers.CharField()
    family = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    turns = SaidTurnSerializer(many=True)


@extend_schema(methods=["GET"], responses={200: page_of(ConversationSerializer), **PROBLEMS})
@extend_schema(methods=["POST"], request=ChatTasksSerializer, responses={201: ChatTasksMadeSerializer, **PROBLEMS})
@api_view(["GET", "POST"])
def chats(request: Request, slug: str) -> Response:
    """Conversations with the models behind them, oldest first; or (POST) make tasks to chat."""
    if request.method == "GET":
        project = project_for(request, slug, READS_DATA)
        paging = CursorPagination()
        page: list[Conversation] = paging.paginate_queryset(whole(project), request) or []
        return paging.get_paginated_response([_revealed(each) for each in page])
    project = project_for(request, slug, MANAGES)
    sent = ChatTasksSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    return Response({"tasks": _make(request, project, dict(sent.validated_data))}, status=201)


def whole(project: Project) -> Any:
    """The project's conversations with all that was said in them."""
    found = Conversation.objects.filter(project=project).select_related("assignment__person")
    return found.prefetch_related("turns__candidates__generator")


def _make(request: Request, project: Project, wishes: dict[str, Any]) -> list[int]:
    terms = Terms(wishes.pop("overlap", None), wishes.pop("priority", DEFAULT_PRIORITY), wishes.pop("cohort", ""))
    where = {"number": wishes.pop("number"), "language": wishes.pop("language", ""), "terms": terms}
    wishes["generators"] = _generators(project, wishes.pop("generators", []))
    try:
        made = make_chat_tasks(project=project, by=caller(request), brief=Brief(**wishes), **where)
    except ValueError as error:
        raise ValidationError({str(error).partition(":")[0]: [str(error)]}) from error
    return [task.pk for task in made]


def _generators(project: Project, names: list[str]) -> list[int]:
    live = [Generator.Backend.TRANSFORMERS, Generator.Backend.OPENAI]
    known = dict(project.generators.filter(backend__in=live).values_list("name", "pk"))
    if unknown := sorted(set(names) - set(known)):
        raise ValidationError({"generators": [f"No model of this project that can answer is named {unknown[0]}."]})
    return sorted({known[name] for name in names})


def _revealed(each: Conversation) -> dict[str, Any]:
    return {
        "id": each.pk,
        "assignment": each.assignment_id,
        "task": each.assignment.task_id,
        "person": each.assignment.person.username,
        "state": each.assignment.state,
        "family": each.family,
        "started_at": each.started_at,
        "ended_at": each.ended_at,
        "turns": [_revealed_turn(turn) for turn in each.turns.all()],
    }


def _revealed_turn(turn: Turn) -> dict[str, Any]:
    answers = [
        {
            "generator": candidate.generator.name,
            "parameters": candidate.sampling(),
            "state": candidate.state,
            "text": candidate.text,
            "error": candidate.error,
            "sample": candidate.sample_id,
            "winner": candidate.pk == turn.winner_id,
        }
        for candidate in turn.candidates.all()
    ]
    return {
        "number": turn.number,
        "state": turn.state,
        "text": turn.text,
        "judgement": turn.judgement_id,
        "chosen_by": turn.chosen_by,
        "answers": answers,
    }
