"""The ceiling that people set, and how versions differ from each other."""

import pytest

from tests.figures.making import case
from workers.figures.cases import Vote
from workers.figures.people import agreement
from workers.figures.versions import compared, drift, quantiles


def test_every_two_people_on_every_pair_both_ranked_strictly() -> None:
    """1>2>3 and 1>3>2 agree on two pairs of three; a third ties 2 and 3: two more pairs with each, agreed."""
    votes = [Vote(1, {1: 0, 2: 1, 3: 2}), Vote(2, {1: 0, 2: 2, 3: 1}), Vote(3, {1: 0, 2: 1, 3: 1})]
    found = agreement([case("a", {1: 0, 2: 1, 3: 2}, votes=votes)])
    assert (found["pairs"], found["value"], found["tasks"]) == (7, pytest.approx(6 / 7), 1)


def test_one_judge_is_no_agreement() -> None:
    found = agreement([case("a", {1: 0, 2: 1})])
    assert (found["value"], found["pairs"], found["tasks"]) == (None, 0, 0)
    assert agreement([])["value"] is None


def test_versions_on_the_same_pairs() -> None:
    cases = [case("a", {1: 0, 2: 1, 3: 1}), case("b", {4: 0, 5: 1})]
    old = {1: 0.0, 2: 1.0, 3: 2.0, 4: 1.0, 5: 0.0}
    new = {1: 3.0, 2: 1.0, 3: 2.0, 4: 1.0, 5: 0.0}
    found = compared(cases, new, old)
    assert found["accuracy"]["value"] == pytest.approx(1 / 3)
    assert found["difference"]["value"] == pytest.approx(2 / 3)
    assert (found["agreement"]["value"], found["agreement"]["pairs"]) == (0.5, 4)  # 2 < 3 and 4 > 5 stay


def test_an_answer_that_one_of_them_lacks_is_left_out() -> None:
    found = compared([case("a", {1: 0, 2: 1}), case("b", {3: 0, 4: 1})], {1: 1, 2: 0, 3: 1, 4: 0}, {1: 1, 2: 0})
    assert found["agreement"]["pairs"] == 1


def test_drift_in_the_old_ones_own_measure() -> None:
    found = drift([11.0, 13.0, 15.0], [1.0, 2.0, 3.0])
    deviation = (2 / 3) ** 0.5
    assert found["shift"] == pytest.approx(11 / deviation)
    assert (found["spread"], found["correlation"]) == (pytest.approx(2.0), pytest.approx(1.0))
    assert found["rank_correlation"] == pytest.approx(1.0)


@pytest.mark.parametrize(("new", "old"), [([], []), ([1.0, 2.0], [1.0, 2.0]), ([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])])
def test_too_little_to_correlate(new: list[float], old: list[float]) -> None:
    assert drift(new, old)["correlation"] is None


def test_quantiles() -> None:
    assert quantiles(list(map(float, range(101)))) == {"5": 5, "25": 25, "50": 50, "75": 75, "95": 95}
    assert quantiles([]) == {}
