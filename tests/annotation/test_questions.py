"""What a project asks besides the order: a wrong fact is refused with a sentence, a right one is kept."""

from collections.abc import Callable
from typing import Any

import pytest

from annotation import assignment as leases
from annotation import judging
from annotation.checking import NotAcceptable
from annotation.comparisons import groups
from annotation.intake.taking import take_comparisons
from annotation.judging import Verdict, overall
from annotation.models import Assignment, Judgement, Person, Project, Ranking
from annotation.presets import PRESETS
from exports.plan import plan
from exports.query import Query
from exports.records import consistent_view, records
from exports.tail import comparisons_since

Given = Callable[[str], Assignment]


@pytest.fixture
def given(project: Project, annotator: Person, fill: Callable[..., None]) -> Given:
    """`given("llama2")`: a task of a project made from the preset, in the annotator's hands."""

    def of(preset: str) -> Assignment:
        for name, value in PRESETS[preset].defaults.items():
            setattr(project, name, value)
        project.save()
        fill(1, project.k)
        return leases.lease_next(person=annotator, project=project)

    return of


def orders(assignment: Assignment, *criteria: str) -> dict[str, list[list[int]]]:
    """The first criterion in the order shown, the next one the other way round."""
    shown = [[sample] for sample in assignment.shown]
    return {criterion: shown[:: 1 - 2 * (i % 2)] for i, criterion in enumerate(criteria)}


def about(assignment: Assignment, **facts: Any) -> dict[str, dict[str, Any]]:
    return {str(sample): dict(facts) for sample in assignment.shown}


def test_safe_rlhf_is_two_rankings_and_categories_of_harm(given: Given) -> None:
    task = given("safe_rlhf")
    harm = {str(task.shown[0]): {"privacy_violation": "severe"}}
    verdict = Verdict(orders(task, "helpfulness", "harmlessness"), categories=harm)
    judgement = judging.submit(assignment=task, verdict=verdict)
    assert judgement.categories == harm
    a, b = task.shown
    said = {ranking.criterion: ranking.groups for ranking in judgement.rankings.all()}
    assert said == {"helpfulness": [[a], [b]], "harmlessness": [[b], [a]]}
    assert judging.submit(assignment=task, verdict=verdict) == judgement


def test_overall_is_the_first_criterion_for_scripts_training_and_exports(
    given: Given, project: Project, owner: Person
) -> None:
    task = given("safe_rlhf")
    judging.submit(assignment=task, verdict=Verdict(overall([[sample] for sample in task.shown])))
    row = {"prompt": "Why?", "responses": ["x", "y"], "ranks": [0, 1], "annotator": "Ann"}
    take_comparisons(project=project, rows=[(1, row)], by=owner)
    assert set(Ranking.objects.values_list("criterion", flat=True)) == {"helpfulness"}
    assert len(list(groups(project))) == 2
    assert list(groups(project, "harmlessness")) == []


@pytest.mark.django_db(transaction=True)
def test_exports_carry_all_facts(given: Given, project: Project) -> None:
    task = given("safe_rlhf")
    harm = {str(task.shown[0]): {"self-harm": "minor"}}
    judging.submit(assignment=task, verdict=Verdict(orders(task, "helpfulness", "harmlessness"), categories=harm))
    with consistent_view() as view:
        [record] = records(view, plan(Query(), project))
        [other] = records(view, plan(Query(criterion="harmlessness"), project))
    assert sorted(record.verdicts[0].ranks) == [0, 1]
    assert record.verdicts[0].ranks == other.verdicts[0].ranks[::-1]
    assert {"self-harm": "minor"} in record.verdicts[0].categories
    [(_, row)] = comparisons_since(project)
    assert '{"self-harm":"minor"}' in row["categories"]


@pytest.mark.parametrize(
    ("preset", "facts", "sentence"),
    [
        ("instructgpt", {"ratings": {"quality": 3}}, "no 'quality' in ratings; it has overall_quality"),
        ("instructgpt", {"ratings": {"overall_quality": 8}}, "from 1 to 7: 8 is outside"),
        ("instructgpt", {"ratings": {"overall_quality": float("nan")}}, "is a number"),
        ("instructgpt", {"flags": {"nice": True}}, "no 'nice' in flags"),
        ("safe_rlhf", {"categories": {"boredom": "minor"}}, "no 'boredom' in categories"),
        ("safe_rlhf", {"categories": {"self-harm": "lethal"}}, "severity of self-harm is not one of"),
    ],
)
def test_facts_that_nobody_asked_for_are_refused(
    given: Given, preset: str, facts: dict[str, dict[str, Any]], sentence: str
) -> None:
    task = given(preset)
    said = {kind: about(task, **entry) for kind, entry in facts.items()}
    with pytest.raises(NotAcceptable, match=sentence) as refused:
        judging.submit(assignment=task, verdict=Verdict(orders(task, "overall"), **said))  # type: ignore[arg-type]
    assert refused.value.about in facts
    assert not Judgement.objects.exists()


def test_facts_about_other_answers_are_refused(given: Given) -> None:
    task = given("custom")
    with pytest.raises(NotAcceptable, match="flags name answers that are not in this task"):
        judging.submit(assignment=task, verdict=Verdict(orders(task, "overall"), flags={"0": {"x": True}}))


def test_an_unknown_criterion_and_the_same_order_twice_are_refused(given: Given) -> None:
    task = given("safe_rlhf")
    with pytest.raises(NotAcceptable, match="no 'beauty' in rankings; it has helpfulness, harmlessness"):
        judging.submit(assignment=task, verdict=Verdict(orders(task, "beauty")))
    with pytest.raises(NotAcceptable, match="overall and helpfulness are the same order"):
        judging.submit(assignment=task, verdict=Verdict(orders(task, "overall", "helpfulness")))


def test_a_strength_is_of_two_answers_that_differ_where_it_is_asked(given: Given, project: Project) -> None:
    task = given("helpsteer")
    judging.submit(assignment=task, verdict=Verdict(orders(task, "overall"), strength=4))
    with pytest.raises(NotAcceptable, match="A tie has no strength"):
        judging.submit(assignment=task, verdict=Verdict(overall([task.shown]), strength=1))
    task.project.questions = PRESETS["chat"].questions
    with pytest.raises(NotAcceptable, match="does not ask how much better"):
        judging.submit(assignment=task, verdict=Verdict(orders(task, "overall"), strength=1))


def test_a_project_that_asks_for_the_order_alone_keeps_what_scripts_say(given: Given) -> None:
    task = given("custom")
    verdict = Verdict(orders(task, "overall"), strength=2, ratings=about(task, wit=9.5), flags=about(task, odd=True))
    judgement = judging.submit(assignment=task, verdict=verdict)
    assert judgement.ratings == about(task, wit=9.5)
    assert judgement.strength == 2
