"""What a manager reads beside "accuracy": each slice counts what it says it counts."""

from datetime import date, timedelta

import numpy as np
import pytest

from tests.figures.making import case
from workers.figures import accuracy
from workers.figures.cases import Vote, scored, strict


def test_it_works() -> None:
    """One list of three, in the order 1 > 2 = 3; the model says 2 > 1 > 3. One strict pair right, one wrong."""
    pairs = strict([case("a", {1: 0, 2: 1, 3: 1})], {1: 0.5, 2: 1.0, 3: 0.0})
    assert pairs.margin.tolist() == [-0.5, 0.5]
    found = accuracy.accuracy(pairs)
    assert (found["value"], found["low"], found["pairs"]) == (0.5, None, 2)  # one family: no interval


def test_equal_scores_count_half() -> None:
    pairs = strict([case("a", {1: 0, 2: 1})], {1: 0.0, 2: 0.0})
    assert accuracy.accuracy(pairs)["value"] == 0.5


def test_where_the_shorter_answer_won() -> None:
    cases = [
        case("a", {1: 0, 2: 1}, lengths={1: 5, 2: 50}),  # the shorter won, and the model knows
        case("b", {3: 0, 4: 1}, lengths={3: 5, 4: 50}),  # the shorter won, and the model does not
        case("c", {5: 0, 6: 1}, lengths={5: 50, 6: 5}),
    ]
    pairs = strict(cases, {1: 1, 2: 0, 3: 0, 4: 1, 5: 1, 6: 0})
    shorter = accuracy.shorter_won(pairs)
    assert (shorter["value"], shorter["pairs"]) == (0.5, 2)
    assert accuracy.share(pairs, accuracy.longer_wins(pairs))["value"] == pytest.approx(1 / 3)


def test_by_how_far_apart_people_put_them() -> None:
    pairs = strict([case("a", {1: 0, 2: 1, 3: 2})], {1: 2.0, 2: 3.0, 3: 1.0})
    found = accuracy.by_distance(pairs)
    assert [(f["name"], f["value"], f["pairs"]) for f in found] == [(1, 0.5, 2), (2, 1.0, 1)]


def test_by_strength_only_where_it_was_asked() -> None:
    cases = [case("a", {1: 0, 2: 1}, strength=4), case("b", {3: 0, 4: 1})]
    found = accuracy.by_strength(strict(cases, {1: 1, 2: 0, 3: 0, 4: 1}))
    assert [(f["name"], f["value"]) for f in found] == [(4, 1.0)]


def test_the_mean_of_several_votes_decides_the_distance() -> None:
    votes = [Vote(1, {1: 0, 2: 3}), Vote(2, {1: 0, 2: 1})]
    pairs = strict([case("a", {1: 0, 2: 1}, votes=votes)], {1: 1, 2: 0})
    assert pairs.distance.tolist() == [2]


def test_by_category_the_most_pairs_first() -> None:
    cases = [
        case("a", {1: 0, 2: 1}, category="rare"),
        case("b", {3: 0, 4: 1}, category="usual"),
        case("c", {5: 0, 6: 1}, category="usual"),
    ]
    pairs = strict(cases, dict.fromkeys(range(1, 7), 0.0))
    found = accuracy.by_case(pairs, cases, lambda one: one.category)
    assert [(f["name"], f["pairs"]) for f in found] == [("usual", 2), ("rare", 1)]


def test_by_round_divides_time_and_never_a_day() -> None:
    first = date(2026, 1, 1)
    cases = [
        case(f"f{n}", {2 * n: 0, 2 * n + 1: 1}, day=first + timedelta(days=n // 25)) for n in range(100)
    ]  # 25 pairs a day over four days
    scores = {sample: float(-(sample % 2)) for sample in range(200)}  # always right
    for sample in range(150, 200):  # but on the last day
        scores[sample] *= -1
    found = accuracy.by_round(strict(cases, scores), cases)
    assert [(f["name"], f["pairs"], f["value"]) for f in found] == [
        ("2026-01-01", 25, 1.0),
        ("2026-01-02", 25, 1.0),
        ("2026-01-03", 25, 1.0),
        ("2026-01-04", 25, 0.0),
    ]


def test_too_little_for_two_rounds_is_one() -> None:
    cases = [case(f"f{n}", {2 * n: 0, 2 * n + 1: 1}, day=date(2026, 1, 1 + n)) for n in range(5)]
    found = accuracy.by_round(strict(cases, dict.fromkeys(range(10), 0.0)), cases)
    assert [f["pairs"] for f in found] == [5]


def test_the_difference_of_two_versions_is_paired() -> None:
    """Both get half of the families, but not the same ones: better on one, worse on another, equal on two."""
    cases = [case(f"f{n}", {2 * n: 0, 2 * n + 1: 1}) for n in range(4)]
    right = {sample: float(-(sample % 2)) for sample in range(8)}
    old = {**right, 0: -9.0, 4: -9.0}
    new = {**right, 2: -9.0, 4: -9.0}
    found = accuracy.difference(strict(cases, new), strict(cases, old))
    assert found["value"] == 0
    assert found["worse"] == pytest.approx(0.5, abs=0.05)
    same = accuracy.difference(strict(cases, old), strict(cases, old))
    assert (same["value"], same["low"], same["high"], same["worse"]) == (0, 0, 0, 0.5)


def test_a_clear_loss_is_called_worse() -> None:
    cases = [case(f"f{n}", {2 * n: 0, 2 * n + 1: 1}) for n in range(10)]
    right = {sample: float(-(sample % 2)) for sample in range(20)}
    wrong = {sample: -score for sample, score in right.items()}
    found = accuracy.difference(strict(cases, wrong), strict(cases, right))
    assert (found["value"], found["worse"], found["families"]) == (-1, 1.0, 10)


def test_nothing_is_no_error() -> None:
    pairs = strict([], {})
    assert accuracy.accuracy(pairs) == {"value": None, "low": None, "high": None, "pairs": 0}
    assert accuracy.by_distance(pairs) == accuracy.by_round(pairs, []) == []
    assert accuracy.difference(pairs, pairs)["value"] is None
    assert accuracy.share(pairs, np.zeros(0))["value"] is None


def test_cases_without_all_their_scores_are_left_out() -> None:
    cases = [case("a", {1: 0, 2: 1}), case("b", {3: 0, 4: 1})]
    assert scored(cases, {1: 0.0, 2: 0.0, 3: 0.0}) == cases[:1]
