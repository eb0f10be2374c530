import math
from collections.abc import Sequence
from dataclasses import dataclass

STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Scale:
    """Maps values from `low` to `high` onto 0 to 100, and knows where its ticks are."""

    low: float
    high: float
    ticks: Sequence[float]

    def at(self, value: float) -> float:
        return 100 * (value - self.low) / (self.high - self.low)


def nice(low: float, high: float, *, count: int = 4, whole: bool = False) -> Scale:
    """A scale around `low` and `high` whose about `count` ticks are round numbers (whole ones where asked).

    Heckbert, "Nice numbers for graph labels" (Graphics Gems, 1990).
    """
    if high <= low:
        high = low + 1
    step = _step((high - low) / count)
    if whole:
        step = max(1, math.ceil(step))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Scale(first * step, last * step, [round(i * step, 10) for i in range(first, last + 1)])


def _step(rough: float) -> float:
    size = 10.0 ** math.floor(math.log10(rough))
    return size * next(step for step in STEPS if step * size >= rough * (1 - 1e-9))


def label(value: float) -> str:
    """A tick as people write it: 0.5, 20, 1.5k, 3M."""
    for size, suffix in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{suffix}"
    return f"{value:.4g}"
