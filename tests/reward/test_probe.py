import random

import numpy as np
import pytest

from tests.reward.synthetic import make_groups
from workers.reward import probe


def features_of(groups, hidden, seed=0):
    """Random features whose product with `hidden` decides every pair of the returned groups."""
    random_ = np.random.default_rng(seed)
    features = [random_.normal(size=(len(group.responses), len(hidden))) for group in groups]
    for group, values in zip(groups, features, strict=True):
        scores = values @ hidden
        group.probability[:] = [float(scores[i] > scores[j]) for i, j in zip(group.first, group.second, strict=True)]
    return features


def test_finds_the_direction_that_decides():
    hidden = np.array([1.0, -2.0, 0.0, 0.5])
    groups = make_groups(80, random.Random(0))
    weight, figures = probe.fit_head(probe.differences(groups, features_of(groups, hidden)))
    cosine = weight @ hidden / np.linalg.norm(weight) / np.linalg.norm(hidden)
    assert cosine > 0.99
    assert figures["loss"] < 0.3


def test_noise_gets_the_strongest_penalty():
    groups = make_groups(60, random.Random(0))
    features = [np.random.default_rng(n).normal(size=(4, 30)) for n in range(60)]
    _, figures = probe.fit_head(probe.differences(groups, features))
    assert figures["penalty"] == max(probe.PENALTIES)


def test_penalised_optimum_by_hand():
    """One feature, one pair of difference 1: the slope σ(b) - 1 + b vanishes at b = 0.4010581."""
    one = np.ones(1)
    data = probe.Differences(np.ones((1, 1)), one, one, np.zeros(1, np.int64), 1.0)
    assert probe.fit(data, penalty=1.0)[0] == pytest.approx(0.4010581, abs=1e-4)


def test_features_that_hardly_vary_are_not_blown_up():
    hidden = np.array([1.0, 1.0])
    groups = make_groups(40, random.Random(0))
    features = [values * np.array([1.0, 1e-6]) for values in features_of(groups, hidden)]
    weight, _ = probe.fit_head(probe.differences(groups, features))
    assert abs(weight[1]) < abs(weight[0])


def test_one_family_cannot_be_divided():
    groups = make_groups(1, random.Random(0))
    weight, figures = probe.fit_head(probe.differences(groups, [np.eye(4)]))
    assert figures == {"penalty": max(probe.PENALTIES)}
    assert weight.shape == (4,)
