"""Nobody is promised points that the data do not show."""

import numpy as np
import pytest

from workers.figures.learning import Curve, curve_points, power_law, projection


def curve(rankings: list[int], accuracies: list[float], families: int = 50, noise: float = 0.0) -> Curve:
    random = np.random.default_rng(0)
    correct = np.array([[10 * a] * families for a in accuracies]) + noise * random.normal(
        size=(len(accuracies), families)
    )
    return Curve(rankings, correct, np.full(families, 10.0))


def test_a_known_law_is_found_again() -> None:
    sizes = np.array([50.0, 100.0, 200.0, 400.0])
    slope, height = power_law(sizes, (0.8 * sizes**-0.3)[None])
    assert (slope[0], np.exp(height[0])) == (pytest.approx(0.3), pytest.approx(0.8))


def test_it_is_projected_and_told_by_hand() -> None:
    """error = 2 n^-½: 0.2 at 100, 0.1 at 400; at 1600 it would be 0.05."""
    found = projection(curve([25, 100, 400], [0.6, 0.8, 0.9]), more=1200)
    assert found["gain"] == pytest.approx(0.05)
    assert found["told"]
    assert found["beyond"]


def test_no_gain_above_what_people_agree_on() -> None:
    """With a floor of 0.1 the same curve is nearly at its end: the last point lies on it."""
    found = projection(curve([25, 100, 400], [0.6, 0.8, 0.9]), floor=0.1, more=1200)
    assert 0 <= found["gain"] <= 2e-3


def test_noise_is_called_so() -> None:
    found = projection(curve([25, 50, 100], [0.61, 0.59, 0.60], families=12, noise=2.0))
    assert not found["told"]
    assert found["low"] < 0 < found["high"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (curve([5, 10, 20], [0.5, 0.5, 0.5]), "rankings"),
        (curve([25, 50, 100], [0.5, 0.5, 0.5], families=3), "families"),
        (curve([50, 100], [0.5, 0.6]), "points"),
        (curve([50, 100, 200], [0.8, 0.7, 0.6]), "falling"),
        (Curve([], np.zeros((0, 0)), np.zeros(0)), "rankings"),
    ],
)
def test_too_little_is_said(given: Curve, reason: str) -> None:
    assert projection(given) == {"more": 1000, "reason": reason}


def test_points() -> None:
    points = curve_points(curve([25, 100], [0.6, 0.8]))
    assert [(p["rankings"], round(p["value"], 6)) for p in points] == [(25, 0.6), (100, 0.8)]
