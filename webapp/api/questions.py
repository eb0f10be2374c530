"""What a project asks, as JSON: the shape of `Project.questions` (annotation/presets.py), checked as it comes in."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

LONGEST_LABEL, MOST_ITEMS, MOST_STEPS, HIGHEST = 80, 30, 11, 99


class ItemSerializer(serializers.Serializer[Any]):
    """A question; `name` is what data carry, `label` what people read (left out: the name)."""

    name = serializers.RegexField(r"^\w{1,40}$")
    label = serializers.CharField(max_length=LONGEST_LABEL, required=False)  # type: ignore[assignment]

    def validate(self, item: dict[str, Any]) -> dict[str, Any]:
        return {**item, "label": item.get("label", item["name"])}


class ScaleSerializer(ItemSerializer):
    """A rating in whole steps, both ends included."""

    min = serializers.IntegerField(min_value=0, max_value=HIGHEST)
    max = serializers.IntegerField(min_value=1, max_value=HIGHEST)

    def validate(self, item: dict[str, Any]) -> dict[str, Any]:
        if not 0 < item["max"] - item["min"] < MOST_STEPS:
            raise ValidationError(f"max must lie above min, with at most {MOST_STEPS} steps between them.")
        return super().validate(item)


class QuestionsSerializer(serializers.Serializer[Any]):
    """All that is asked beside one order; what is left out is not asked."""

    criteria = ItemSerializer(many=True, required=False)
    scales = ScaleSerializer(many=True, required=False)
    flags = ItemSerializer(many=True, required=False)
    categories = ItemSerializer(many=True, required=False)
    severities = ItemSerializer(many=True, required=False)
    strength = serializers.BooleanField(required=False)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping) and (unknown := sorted(set(map(str, data)) - set(self.fields))):
            raise ValidationError({key: [f"Unknown: questions are {', '.join(self.fields)}."] for key in unknown})
        return {kind: asked for kind, asked in super().to_internal_value(data).items() if asked}

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        for kind, items in asked.items():
            if not isinstance(items, list):
                continue
            if len(items) > MOST_ITEMS:
                raise ValidationError({kind: [f"At most {MOST_ITEMS}."]})
            if len({item["name"] for item in items}) < len(items):
                raise ValidationError({kind: ["Two of them have the same name."]})
        return asked


@extend_schema_field(QuestionsSerializer)
class QuestionsField(serializers.Field[Any, Any, Any, Any]):
    """The questions as one value: nothing of them is a row of its own."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        asked = QuestionsSerializer(data=data)
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def to_representation(self, stored: dict[str, Any]) -> dict[str, Any]:
        return stored
