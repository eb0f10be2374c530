from math import log

import numpy as np
import pytest

from workers.reward.data import Group
from workers.reward.metrics import held_out, interval, strict_pairs


def group(family, responses, pairs):
    first, second, probability = (list(column) for column in zip(*pairs, strict=True))
    ids = [str(n) for n in range(len(responses))]
    return Group("g", "p", family, "test", [], ids, responses, first, second, probability, [1.0] * len(pairs))


def test_counts_strict_pairs_only_and_equal_scores_as_half():
    groups = [
        group("a", ["long answer", "short", "x"], [(0, 1, 1.0), (0, 2, 0.5), (2, 1, 0.0)]),
        group("b", ["same", "four"], [(0, 1, 1.0)]),
    ]
    figures = held_out(groups, [[2.0, 1.0, 3.0], [1.0, 1.0]], seed=0)
    # right, (tie left out), wrong; ½ | longer: right, right; ½
    assert figures["accuracy"]["value"] == pytest.approx(1.5 / 3)
    assert figures["longer_wins"]["value"] == pytest.approx(2.5 / 3)
    assert figures["gain"]["value"] == pytest.approx(-1 / 3)
    assert (figures["pairs"], figures["groups"], figures["families"]) == (3, 2, 2)
    assert figures["chance"] == 0.5


def test_probability_decides_who_was_preferred():
    found = strict_pairs(group("a", ["x", "y", "z"], [(0, 1, 0.75), (1, 2, 0.25), (0, 2, 0.5)]))
    assert found == [(0, 1), (2, 1)]


def test_log_loss_by_hand():
    figures = held_out([group("a", ["x", "y"], [(0, 1, 1.0), (1, 0, 0.5)])], [[log(3), 0.0]], seed=0)
    tie = (log(4 / 3) + log(4)) / 2
    assert figures["log_loss"] == pytest.approx((log(4 / 3) + tie) / 2)


def test_interval_is_wider_when_pairs_hang_together():
    random = np.random.default_rng(0)
    apart = (random.random(200) < 0.7).astype(float)
    alone = interval(apart, np.ones(200), seed=0)
    together = interval(10 * apart[:20], np.full(20, 10.0), seed=0)
    assert together["high"] - together["low"] > 2 * (alone["high"] - alone["low"])
    assert alone["low"] < alone["value"] < alone["high"]


def test_interval_is_seeded_and_near_the_normal_one_for_single_pairs():
    wins = np.repeat([1.0, 0.0], [140, 60])
    found = interval(wins, np.ones(200), seed=3)
    assert found == interval(wins, np.ones(200), seed=3)
    assert found["low"] == pytest.approx(0.7 - 1.96 * (0.21 / 200) ** 0.5, abs=0.01)


def test_one_family_has_a_value_but_no_interval():
    accuracy = held_out([group("a", ["x", "y"], [(0, 1, 1.0)])], [[1.0, 0.0]], seed=0)["accuracy"]
    assert accuracy == {"value": 1.0, "low": None, "high": None}


def test_ties_alone_have_no_accuracy():
    accuracy = held_out([group("a", ["x", "y"], [(0, 1, 0.5)])], [[1.0, 0.0]], seed=0)["accuracy"]
    assert accuracy == {"value": None, "low": None, "high": None}
