"""The project's models in the order in which people prefer them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.quality.standings import Standing, Table, table
from webapp.api.access import READS_DATA, project_for
from webapp.api.schema import PROBLEMS


class WishesSerializer(serializers.Serializer[Any]):
    length_control = serializers.BooleanField(
        default=False, help_text="Strengths as of answers of equal length, by a covariate."
    )


class StandingSerializer(serializers.Serializer[Any]):
    generator = serializers.CharField()
    rating = serializers.IntegerField(help_text="1000 is the mean; 400 points are odds of ten to one.")
    rating_low = serializers.IntegerField(allow_null=True)
    rating_high = serializers.IntegerField(allow_null=True)
    strength = serializers.FloatField(help_text="In logits; the models' sum is 0.")
    share = serializers.FloatField(help_text="How often it would be preferred to another of these models.")
    wins = serializers.IntegerField()
    ties = serializers.IntegerField(help_text="Each counts as half a win for both.")
    losses = serializers.IntegerField()
    component = serializers.IntegerField(help_text="Models of different components never met.")


class TableSerializer(serializers.Serializer[Any]):
    length_control = serializers.BooleanField()
    judgements = serializers.IntegerField()
    comparisons = serializers.IntegerField()
    length_effect = serializers.FloatField(allow_null=True)
    length_effect_low = serializers.FloatField(allow_null=True)
    length_effect_high = serializers.FloatField(allow_null=True)
    standings = StandingSerializer(many=True)


@extend_schema(parameters=[WishesSerializer], responses={200: TableSerializer, **PROBLEMS})
@api_view(["GET"])
def standings(request: Request, slug: str) -> Response:
    """Bradley–Terry strengths of the project's models from people's rankings, best first, with 95% intervals."""
    project = project_for(request, slug, READS_DATA)
    wishes = WishesSerializer(data=request.query_params)
    wishes.is_valid(raise_exception=True)
    return Response(_body(table(project, controlled=wishes.validated_data["length_control"])))


def _body(found: Table) -> dict[str, Any]:
    low, high = found.effect_interval or (None, None)
    return {
        "length_control": found.controlled,
        "judgements": found.judgements,
        "comparisons": found.comparisons,
        "length_effect": found.effect if found.controlled else None,
        "length_effect_low": low,
        "length_effect_high": high,
        "standings": [_row(standing) for standing in found.rows],
    }


def _row(standing: Standing) -> dict[str, Any]:
    low, high = standing.interval or (None, None)
    return {
        "generator": standing.generator.name,
        "rating": standing.rating,
        "rating_low": low,
        "rating_high": high,
        "strength": standing.strength,
        "share": standing.share,
        "wins": standing.wins,
        "ties": standing.ties,
        "losses": standing.losses,
        "component": standing.component,
    }
