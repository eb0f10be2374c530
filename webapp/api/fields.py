"""Fields of the API's bodies that hold what PostgreSQL can hold, and refuse the rest with a sentence."""

import math
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from annotation.content import storable
from annotation.intake.checking import parameters

LONGEST_NAME = 100  # of a scale or a flag


class FiniteField(serializers.FloatField):
    """A number that is one: JSON may spell NaN and infinity as texts, which `float` reads."""

    def to_internal_value(self, data: Any) -> float:
        try:
            number = super().to_internal_value(data)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise ValidationError("A finite number is required.")
        return number


class NamedField(serializers.DictField):
    """An object whose keys are names: short texts without NUL and broken surrogates."""

    def __init__(self, *, longest_name: int = LONGEST_NAME, **options: Any):
        super().__init__(**options)
        self.longest_name = longest_name

    def to_internal_value(self, data: Any) -> Any:
        for name in data if isinstance(data, dict) else ():
            if len(name) > self.longest_name or storable(name) != name:
                raise ValidationError(f"A name is a text of at most {self.longest_name} printable characters.")
        return super().to_internal_value(data)


class OrderField(serializers.ListField):
    """Ids of samples, best first; several in one list are a tie."""

    MOST = 100

    def __init__(self, **options: Any):
        ids = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
        group = serializers.ListField(child=ids, min_length=1, max_length=self.MOST)
        super().__init__(child=group, max_length=self.MOST, **options)


class SettingsField(serializers.DictField):
    """A small JSON object as jsonb can hold it: see `parameters`."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return parameters(super().to_internal_value(data))
        except ValueError as error:
            raise ValidationError(str(error)) from error
