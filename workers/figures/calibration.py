"""Whether a model that says "80%" is right four times of five.

The Bradley–Terry probability of a pair is σ(difference of scores), so that scores are on a scale that can be checked:
Guo et al. 2017, "On Calibration of Modern Neural Networks" (arXiv 1706.04599), for pairs.
"""

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit

from workers.figures.cases import Floats, Pairs

BINS = 5  # of confidence, from ½ to 1
COLDEST, HOTTEST = 0.05, 50.0


def calibration(pairs: Pairs) -> dict[str, Any]:
    """`{bins, ece, temperature, log_loss, tempered_log_loss}`, each number None where there is no pair.

    A pair's confidence is that of the answer which the model prefers. `bins` are `{low, high, confidence, accuracy,
    pairs}`. `ece` is the mean distance of the two over all pairs. Dividing all differences by `temperature` gives the
    least log-loss: above 1 the model is too sure of itself. It is fitted to the very pairs it is reported on.
    """
    if not len(pairs):
        return {"bins": [], "ece": None, "temperature": None, "log_loss": None, "tempered_log_loss": None}
    confidence, correct = expit(np.abs(pairs.margin)), pairs.correct
    bins = [found for n in range(BINS) if (found := _bin(confidence, correct, n))]
    ece = sum(b["pairs"] * abs(b["accuracy"] - b["confidence"]) for b in bins) / len(pairs)
    temperature = best_temperature(pairs.margin)
    return {
        "bins": bins,
        "ece": float(ece),
        "temperature": temperature,
        "log_loss": log_loss(pairs.margin),
        "tempered_log_loss": log_loss(pairs.margin / temperature),
    }


def _bin(confidence: Floats, correct: Floats, number: int) -> dict[str, Any] | None:
    low, high = (0.5 + 0.5 * n / BINS for n in (number, number + 1))
    inside = (confidence >= low) & ((confidence < high) | (number == BINS - 1))
    if not inside.any():
        return None
    return {
        "low": low,
        "high": high,
        "confidence": float(confidence[inside].mean()),
        "accuracy": float(correct[inside].mean()),
        "pairs": int(inside.sum()),
    }


def log_loss(margin: Floats) -> float:
    """Mean of -ln σ(margin), in nats."""
    return float(np.logaddexp(0.0, -margin).mean())


def best_temperature(margin: Floats) -> float:
    """By a search along its logarithm: the log-loss is convex in 1 / temperature."""
    low, high = np.log(COLDEST), np.log(HOTTEST)
    found = minimize_scalar(lambda t: log_loss(margin / np.exp(t)), bounds=(low, high), method="bounded")
    return float(np.exp(found.x))
