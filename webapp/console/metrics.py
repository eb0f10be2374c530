"""A reward model's figures as the trainer wrote them, read with care: an older version may lack some."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.models import RewardModel

MAX_POINTS = 120  # of a training curve


@dataclass(frozen=True)
class Estimate:
    """A share with its 95% interval; None where it was not measured."""

    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def read(cls, given: Any) -> "Estimate":
        if isinstance(given, Mapping):
            return cls(_number(given.get("value")), _number(given.get("low")), _number(given.get("high")))
        return cls(_number(given), None, None)

    @property
    def percent(self) -> str:
        return "" if self.value is None else f"{100 * self.value:.1f}%"

    @property
    def interval(self) -> str:
        return "" if self.low is None or self.high is None else f"{100 * self.low:.1f} – {100 * self.high:.1f}%"

    @property
    def is_gain(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low is not None and self.low > 0

    @property
    def is_loss(self) -> bool:
        """Whether the whole interval lies below zero."""
        return self.high is not None and self.high < 0

    @property
    def points(self) -> str:
        """A difference of shares in percentage points: +2.1, −0.3."""
        return "" if self.value is None else _signed(self.value)

    @property
    def points_interval(self) -> str:
        return "" if self.low is None or self.high is None else f"{_signed(self.low)} … {_signed(self.high)}"


@dataclass(frozen=True)
class Heldout:
    """See workers/reward/metrics.py."""

    accuracy: Estimate
    longer_wins: Estimate
    gain: Estimate
    log_loss: float | None
    pairs: int | None
    groups: int | None
    families: int | None


def heldout(model: RewardModel) -> Heldout:
    found = model.metrics
    return Heldout(
        accuracy=Estimate.read(found.get("accuracy")),
        longer_wins=Estimate.read(found.get("longer_wins")),
        gain=Estimate.read(found.get("gain")),
        log_loss=_number(found.get("log_loss")),
        pairs=_whole(found.get("pairs")),
        groups=_whole(found.get("groups")),
        families=_whole(found.get("families")),
    )


def losses(model: RewardModel, phase: str) -> list[tuple[int, float]]:
    """(step, loss) of the trainer's events of one phase (`train`, `validate`), thinned out evenly."""
    rows = [row for row in model.metrics.get("history") or () if isinstance(row, Mapping) and row.get("phase") == phase]
    points = [(_whole(row.get("step")), _number(row.get("loss"))) for row in rows]
    known = [(step, value) for step, value in points if step is not None and value is not None]
    every = -(-len(known) // MAX_POINTS) or 1
    return known[::every]


def _signed(share: float) -> str:
    points = round(100 * share, 1)
    return f"{'+' if points > 0 else '−' if points < 0 else '±'}{abs(points):.1f}"


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
