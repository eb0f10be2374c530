"""What an annotator's script does: take the next task, judge it, give it back. The hot path: keep it lean."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import assignment as leases
from annotation import judging, qualification
from annotation.checking import NotAcceptable
from annotation.intake.checking import limit
from annotation.lookups import own_assignment, where_one_judges
from annotation.models import Assignment, Judgement, Person, Project, Ranking
from annotation.models.task import TaskKind
from annotation.undoing import undo
from webapp.api.access import JUDGES, caller, refusal
from webapp.api.conversation import ChatSerializer
from webapp.api.errors import Conflict
from webapp.api.fields import FiniteField, NamedField
from webapp.api.schema import PROBLEMS
from webapp.api.verdicts import SERIALIZERS, BriefSerializer, besides

LONGEST_CRITERION = limit(Ranking, "criterion")
USUAL = {"ranking", "seconds"}
CREATED_AT = serializers.DateTimeField()


class NextSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=TaskKind.choices, required=False, help_text="Only work of this kind.")
    holding = serializers.ListField(
        child=serializers.UUIDField(), max_length=leases.MAX_LIVE, required=False,
        help_text="Assignments in your hands already: you get another one than these (to prefetch).",
    )  # fmt: skip


class SampleTextSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    text = serializers.CharField()


class TaskSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    prompt = serializers.ListField(child=serializers.DictField())
    samples = SampleTextSerializer(many=True)
    questions = serializers.DictField()
    brief = BriefSerializer(required=False)
    chat = ChatSerializer(required=False, help_text="Of a chat: see assignments/{uuid}/chat/.")


class AssignmentSerializer(serializers.Serializer[Any]):
    assignment = serializers.UUIDField()
    lease_expires = serializers.DateTimeField()
    task = TaskSerializer()


class VerdictSerializer(serializers.Serializer[Any]):
    ranking = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(min_value=1), min_length=1),
        required=False,
        help_text="Best first; several ids inside one list are a tie. Where the project has criteria: by its first.",
    )
    rankings = NamedField(
        longest_name=LONGEST_CRITERION,
        child=serializers.ListField(child=serializers.ListField(child=serializers.IntegerField(min_value=1))),
        required=False,
        help_text="One ranking a criterion, where the project asks for several.",
    )
    strength = serializers.IntegerField(min_value=1, max_value=4, required=False, allow_null=True)
    ratings = NamedField(child=NamedField(child=FiniteField()), required=False)
    flags = NamedField(child=NamedField(child=serializers.BooleanField()), required=False)
    categories = NamedField(
        child=NamedField(child=serializers.CharField(allow_blank=True)),
        required=False,
        help_text="By sample: the categories of harm that apply, each with its severity.",
    )
    all_bad = serializers.BooleanField(required=False)
    comment = serializers.CharField(max_length=20_000, allow_blank=True, required=False, trim_whitespace=False)
    seconds = FiniteField(min_value=0, required=False, allow_null=True)

    def verdict(self) -> judging.Verdict:
        fields = dict(self.validated_data)
        rankings = dict(fields.pop("rankings", {}))
        if ranking := fields.pop("ranking", None):
            rankings |= judging.overall(ranking)
        return judging.Verdict(rankings=rankings, **fields)


class JudgementSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    assignment = serializers.UUIDField(source="assignment_id")
    task = serializers.IntegerField(source="task_id")
    revision = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class SkipSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500, allow_blank=True, default="")


def described(assignment: Assignment) -> dict[str, Any]:
    """An assignment as its person may see it: neither models nor anybody's judgement (promise 4)."""
    task = assignment.task
    return {
        "assignment": assignment.uuid,
        "lease_expires": assignment.expires_at,
        "task": {
            "id": task.pk,
            "kind": task.kind,
            "prompt": task.messages,
            "samples": [{"id": pk, "text": assignment.texts[pk]} for pk in assignment.shown],
            "questions": assignment.project.questions,
            **besides(assignment),
        },
    }


@extend_schema(request=NextSerializer, responses={200: AssignmentSerializer, 204: None, **PROBLEMS})
@api_view(["POST"])
def next_task(request: Request, slug: str) -> Response:
    """Lease the caller's next task; 204 when there is none now.

    A live lease that is not named in `holding` is handed out again, so that an answer lost on the way costs nothing.
    """
    person = caller(request)
    try:
        project = where_one_judges(person=person, slug=slug)
        assignment = _leased(person, project, _wishes(request.data))
    except Project.DoesNotExist:
        raise refusal(request, slug, JUDGES) from None
    except leases.NothingLeft as nothing:
        return Response(status=204, headers={"X-Reason": nothing.reason})
    return Response(described(assignment))


def _wishes(data: Any) -> dict[str, Any]:
    if not data:
        return {}
    asked = NextSerializer(data=data)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def _leased(person: Person, project: Project, wishes: dict[str, Any]) -> Assignment:
    """With a round of the qualification begun or settled by the way, where the project asks for one."""
    try:
        return leases.lease_next(person=person, project=project, **wishes)
    except leases.NothingLeft as nothing:
        if nothing.reason == leases.QUALIFICATION and qualification.go_on(project, person):
            return leases.lease_next(person=person, project=project, **wishes)
        raise


BODY = PolymorphicProxySerializer(
    component_name="Said", serializers=[VerdictSerializer, *SERIALIZERS.values()], resource_type_field_name=None
)


@extend_schema(methods=["PUT"], request=BODY, responses={200: JudgementSerializer, **PROBLEMS})
@extend_schema(
    methods=["DELETE"],
    request=None,
    summary="Undo one's last judgement",
    description="The same assignment is in work again, for another lease time; the revision is kept, not current.",
    responses={200: AssignmentSerializer, **PROBLEMS},
)
@api_view(["PUT", "DELETE"])
def judgement(request: Request, uuid: UUID) -> Response:
    """Submit the judgement of one's assignment, or revise it. Sending the same again changes nothing.

    What is sent depends on the task's kind: an order for `rank`, a text for `demonstrate`, a prompt for `write_prompt`,
    a verdict for `review_prompt`, ratings, flags or categories for `rate`; for `chat` it ends the conversation.
    """
    assignment = _mine(request, uuid)
    if request.method == "DELETE":
        return _undone(assignment)
    verdict = _verdict(request.data, assignment)
    try:
        written = judging.submit(assignment=assignment, verdict=verdict, source=Judgement.Source.API)
    except NotAcceptable as error:
        raise ValidationError({error.about: [str(error)]}) from error
    except judging.NoLongerOpen as error:
        raise Conflict(str(error)) from error
    return Response(
        {
            "id": written.pk,
            "assignment": written.assignment_id,
            "task": written.task_id,
            "revision": written.revision,
            "created_at": CREATED_AT.to_representation(written.created_at),
        }
    )


def _undone(assignment: Assignment) -> Response:
    try:
        undo(assignment=assignment)
    except judging.NoLongerOpen as error:
        raise Conflict(str(error)) from error
    return Response(described(assignment))


def _verdict(data: Any, assignment: Assignment) -> judging.Said:
    """What nearly everybody sends, an order and the seconds, is read at once; a serializer reads the rest."""
    usual = assignment.task.kind == TaskKind.RANK and isinstance(data, dict) and data.keys() <= USUAL
    if usual and _is_order(data.get("ranking")) and _is_time(data.get("seconds")):
        return judging.Verdict(judging.overall(data["ranking"]), seconds=data.get("seconds"))
    serializer = SERIALIZERS.get(assignment.task.kind, VerdictSerializer)
    sent = serializer(data=data, context={"assignment": assignment})
    sent.is_valid(raise_exception=True)
    said: judging.Said = sent.verdict()
    return said


def _is_time(seconds: Any) -> bool:
    return seconds is None or (type(seconds) in (int, float) and 0 <= seconds <= judging.MAX_SECONDS)


def _is_order(ranking: Any) -> bool:
    return (
        type(ranking) is list
        and bool(ranking)
        and all(type(group) is list and group and all(type(i) is int and i > 0 for i in group) for group in ranking)
    )


@extend_schema(request=SkipSerializer, responses={204: None, **PROBLEMS})
@api_view(["POST"])
def skip(request: Request, uuid: UUID) -> Response:
    """Give a task back; it is not offered to the caller again."""
    assignment = _mine(request, uuid)
    sent = SkipSerializer(data=request.data or {})
    sent.is_valid(raise_exception=True)
    skipped = leases.skip(assignment=assignment, reason=sent.validated_data["reason"])
    if not skipped and assignment.state == Assignment.State.JUDGED:
        raise Conflict("This task is judged already: revise the judgement instead.")
    return Response(status=204)


def _mine(request: Request, uuid: UUID) -> Assignment:
    try:
        return own_assignment(person=caller(request), uuid=uuid)
    except Assignment.DoesNotExist as error:
        raise NotFound from error
