"""What is sent of tasks that are not ranked, and what such a task brings besides its prompt and its samples."""

from typing import Any

from rest_framework import serializers

from annotation import writing
from annotation.choosing import Closing
from annotation.content import ROLES
from annotation.models import Assignment, Judgement
from annotation.models.task import TaskKind
from annotation.rating import Rates
from webapp.api import conversation
from webapp.api.fields import FiniteField, NamedField
from webapp.starting import offered


class MessageSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=ROLES)
    content = serializers.CharField(max_length=writing.LONGEST_TEXT, allow_blank=True, trim_whitespace=False)


class ShortSerializer(serializers.Serializer[Any]):
    """What every verdict may carry."""

    comment = serializers.CharField(max_length=20_000, allow_blank=True, required=False, trim_whitespace=False)
    seconds = FiniteField(min_value=0, required=False, allow_null=True)


def text_field(**options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=writing.LONGEST_TEXT, trim_whitespace=False, **options)


class DemonstrationSerializer(ShortSerializer):
    text = text_field(help_text="The answer that you wrote.")
    started_from = serializers.IntegerField(
        min_value=1, required=False, allow_null=True,
        help_text="The sample of this task whose text you changed: yours then counts as better than it.",
    )  # fmt: skip

    def verdict(self) -> writing.Demonstration:
        return writing.Demonstration(**self.validated_data)


class PromptTextSerializer(serializers.Serializer[Any]):
    """A prompt as one text or as a conversation."""

    prompt = text_field(required=False, help_text="One message of the user's; or else `messages`.")
    messages = MessageSerializer(many=True, required=False, allow_empty=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("prompt" in attrs) == ("messages" in attrs):
            raise serializers.ValidationError({"prompt": ["Send either prompt, a text, or messages."]})
        return attrs

    def conversation(self) -> list[dict[str, str]]:
        text = self.validated_data.get("prompt")
        messages = self.validated_data.get("messages") or [{"role": "user", "content": text}]
        return [dict(message) for message in messages]


class NewPromptSerializer(PromptTextSerializer, ShortSerializer):
    language = serializers.CharField(max_length=16, allow_blank=True, required=False)
    category = serializers.CharField(max_length=writing.LONGEST_CATEGORY, allow_blank=True, required=False)

    def verdict(self) -> writing.NewPrompt:
        fields = {name: value for name, value in self.validated_data.items() if name not in ("prompt", "messages")}
        return writing.NewPrompt(messages=self.conversation(), **fields)


class PromptReviewSerializer(serializers.Serializer[Any]):
    verdict_ = serializers.ChoiceField(choices=Judgement.Decision.values)
    text = text_field(required=False, help_text="With edit: the last message as it should be; or else `messages`.")
    messages = MessageSerializer(many=True, required=False)
    reason = serializers.CharField(max_length=writing.LONGEST_REASON, allow_blank=True, required=False)
    seconds = FiniteField(min_value=0, required=False, allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        """`verdict` is the name of the field, and of the method that all these serializers have."""
        fields = super().get_fields()
        return {name.removesuffix("_"): field for name, field in fields.items()}

    def verdict(self) -> writing.PromptReview:
        sent = dict(self.validated_data)
        return writing.PromptReview(
            decision=sent["verdict"],
            messages=self._edited(sent),
            reason=sent.get("reason", ""),
            seconds=sent.get("seconds"),
        )

    def _edited(self, sent: dict[str, Any]) -> list[dict[str, str]] | None:
        if messages := sent.get("messages"):
            return [dict(message) for message in messages]
        if text := sent.get("text"):
            return [*self.context["assignment"].task.messages[:-1], {"role": "user", "content": text}]
        return None


class RatesSerializer(ShortSerializer):
    ratings = NamedField(child=NamedField(child=FiniteField()), required=False)
    flags = NamedField(child=NamedField(child=serializers.BooleanField()), required=False)
    categories = NamedField(child=NamedField(child=serializers.CharField(allow_blank=True)), required=False)

    def verdict(self) -> Rates:
        return Rates(**self.validated_data)


class ClosingSerializer(ShortSerializer):
    """Ends a conversation: what its person says of it as a whole."""

    def verdict(self) -> Closing:
        return Closing(**self.validated_data)


SERIALIZERS: dict[str, Any] = {
    TaskKind.DEMONSTRATE: DemonstrationSerializer,
    TaskKind.WRITE_PROMPT: NewPromptSerializer,
    TaskKind.REVIEW_PROMPT: PromptReviewSerializer,
    TaskKind.RATE: RatesSerializer,
    TaskKind.CHAT: ClosingSerializer,
}


class BriefSerializer(serializers.Serializer[Any]):
    """What is wished of this task."""

    instruction = serializers.CharField()
    category = serializers.CharField()
    language = serializers.CharField()


def besides(assignment: Assignment) -> dict[str, Any]:
    """What tasks of the other kinds bring: a brief for who writes, an answer from which a demonstration may start."""
    task = assignment.task
    if task.kind == TaskKind.WRITE_PROMPT:
        return {"brief": writing.brief_of(assignment)}
    if task.kind == TaskKind.CHAT:
        return {"chat": conversation.state(assignment), "prompt": conversation.said(assignment)}
    if task.kind == TaskKind.DEMONSTRATE and (start := offered(assignment)):
        return {"samples": [{"id": start.pk, "text": start.text}]}
    return {}
