"""How far a project's judgements can be trusted."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.models import Person
from webapp.api.access import READS_DATA, project_for
from webapp.api.jobs import JobSerializer, accepted
from webapp.api.schema import PROBLEMS
from workers import measuring


class ShareSerializer(serializers.Serializer[Any]):
    """A share from 0 to 1 with its 95% interval, over `n` observations; null where there are none."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()


class AsShownSerializer(ShareSerializer):
    by_chance = serializers.FloatField(allow_null=True, help_text="The share that throwing dice would give.")


class ConsensusSerializer(serializers.Serializer[Any]):
    unanimous = serializers.IntegerField(help_text="Tasks of which all judges say the same of every pair.")
    majority = serializers.IntegerField(help_text="Tasks in which more than half agree on every pair.")
    split = serializers.IntegerField(help_text="The other tasks with two or more judges.")


class DisputedSerializer(serializers.Serializer[Any]):
    task = serializers.IntegerField()
    agreement = serializers.FloatField()


class AgreementSerializer(serializers.Serializer[Any]):
    tasks = serializers.IntegerField(help_text="That two or more people judged; gold tasks are not among them.")
    pair_agreement = ShareSerializer(help_text="Pairs that two people order alike, mean over tasks; a tie counts half.")
    alpha_pairs = serializers.FloatField(allow_null=True, help_text="Krippendorff's ordinal alpha over pairs.")
    alpha_ranks = serializers.FloatField(allow_null=True, help_text="Krippendorff's ordinal alpha over mid-ranks.")
    consensus = ConsensusSerializer()
    by_day = serializers.DictField(child=ShareSerializer(), help_text="Pair agreement by day of the last judgement.")
    disputed = DisputedSerializer(many=True, help_text="The tasks with the least agreement, at most 50.")


class HabitsSerializer(serializers.Serializer[Any]):
    judgements = serializers.IntegerField()
    first_wins = ShareSerializer(help_text="Pairs with a winner that the answer further up the page won; unswayed: ½.")
    longer_wins = ShareSerializer(help_text="Pairs with a winner, of unequal length, that the longer answer won.")
    too_fast = ShareSerializer(help_text="Judgements made in less time than reading takes (100 bytes a second).")
    as_shown = AsShownSerializer(help_text="Orders that are the order of the page.")
    all_tied = ShareSerializer(help_text="Orders in which all answers tie.")
    median_seconds = serializers.FloatField(allow_null=True, help_text="Right to 5%.")


class BiasSerializer(HabitsSerializer):
    places = ShareSerializer(many=True, help_text="Pairs with a winner that an answer won, by its place on the page.")


class PersonSerializer(HabitsSerializer):
    username = serializers.CharField()
    name = serializers.CharField()
    agreement = ShareSerializer(help_text="With others on the same tasks.")
    reliability = ShareSerializer(
        allow_null=True, help_text="Agreement, shrunk towards everybody's mean as if five tasks had that mean."
    )
    gold = ShareSerializer(help_text="Pairs of gold tasks ordered right.")
    concerns = serializers.ListField(
        child=serializers.CharField(), help_text="disagrees, fails_gold, too_fast, as_shown, first_wins: beyond doubt."
    )


class QualitySerializer(serializers.Serializer[Any]):
    measured_at = serializers.DateTimeField()
    judgements = serializers.IntegerField(help_text="Current judgements of answers.")
    agreement = serializers.DictField(child=AgreementSerializer(), help_text="By criterion, the main one first.")
    reliability = PersonSerializer(many=True, help_text="A row a person, who judged most first, at most 2000.")
    people_in_all = serializers.IntegerField()
    consensus = ConsensusSerializer(help_text="By the main criterion.")
    gold = ShareSerializer(help_text="Pairs of gold tasks that people order right.")
    bias = BiasSerializer(help_text="By the main criterion, everybody together.")


@extend_schema(responses={200: QualitySerializer, 202: JobSerializer, **PROBLEMS})
@api_view(["GET"])
def quality(request: Request, slug: str) -> Response:
    """Agreement, reliability, consensus and bias of the project's judgements, for those who read its data.

    Measured anew where there is news. Where that takes more than a second a job does it, and this call answers what
    was measured last (see `measured_at`), or 202 with the job where nothing was measured yet.
    """
    project = project_for(request, slug, READS_DATA)
    known, job = measuring.latest(project)
    if known is None:
        assert job is not None
        return accepted(job)
    return Response({"measured_at": known.measured_at, **described(known.figures)})


def described(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures with people's names instead of their ids."""
    ids = [person["person"] for person in figures["people"]]
    people = {person.pk: person for person in Person.objects.filter(pk__in=ids)}
    rows = [
        {"username": people[row["person"]].username, "name": people[row["person"]].get_full_name(), **_unkeyed(row)}
        for row in figures["people"]
        if row["person"] in people
    ]
    return {
        "judgements": figures["judgements"],
        "agreement": figures["agreement"],
        "reliability": rows,
        "people_in_all": figures["people_in_all"],
        "consensus": next(iter(figures["agreement"].values()))["consensus"],
        "gold": figures["gold"],
        "bias": figures["bias"],
    }


def _unkeyed(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "person"}
