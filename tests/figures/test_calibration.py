"""Whether "80%" means four times of five."""

from math import log

import numpy as np
import pytest

from tests.figures.making import case
from workers.figures.calibration import best_temperature, calibration, log_loss
from workers.figures.cases import Pairs, strict


def pairs_with(margins: list[float]) -> Pairs:
    cases = [case(f"f{n}", {2 * n: 0, 2 * n + 1: 1}) for n in range(len(margins))]
    scores = {2 * n: margin for n, margin in enumerate(margins)} | {2 * n + 1: 0.0 for n in range(len(margins))}
    return strict(cases, scores)


def test_bins_and_ece_by_hand() -> None:
    """σ(ln 4) = 0.8 and σ(ln 1.5) = 0.6: of the sure pairs half are right, of the unsure ones all."""
    found = calibration(pairs_with([log(4), -log(4), log(1.5), log(1.5)]))
    assert [(b["pairs"], round(b["confidence"], 6), b["accuracy"]) for b in found["bins"]] == [
        (2, 0.6, 1.0),
        (2, 0.8, 0.5),
    ]
    assert found["ece"] == pytest.approx((2 * 0.4 + 2 * 0.3) / 4)


def test_a_calibrated_model_needs_no_temperature() -> None:
    """Four of five right at margin ln 4: exactly what it says."""
    assert best_temperature(np.array([log(4)] * 4 + [-log(4)])) == pytest.approx(1.0, abs=1e-3)


def test_one_that_is_twice_as_sure_as_it_should_be() -> None:
    margins = [2 * log(4)] * 4 + [-2 * log(4)]
    found = calibration(pairs_with(margins))
    assert found["temperature"] == pytest.approx(2.0, abs=1e-2)
    assert found["tempered_log_loss"] == pytest.approx(log_loss(np.array(margins) / 2), abs=1e-6)
    assert found["tempered_log_loss"] < found["log_loss"]


def test_log_loss_of_no_opinion_is_ln_2() -> None:
    assert log_loss(np.zeros(3)) == pytest.approx(log(2))


def test_full_confidence_has_its_place() -> None:
    assert calibration(pairs_with([1000.0]))["bins"][0]["high"] == 1.0


def test_nothing_is_no_error() -> None:
    assert calibration(strict([], {}))["ece"] is None
