"""Shares with their uncertainty: what every figure of quality is made of."""

from dataclasses import dataclass

from scipy.special import betaincinv

TAIL = 0.025  # on either side: 95% intervals


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share in [0, 1] with its 95% interval, over `n` observations; all None where there are none."""

    value: float | None
    low: float | None
    high: float | None
    n: int

    def as_dict(self) -> dict[str, float | int | None]:
        return {"value": _short(self.value), "low": _short(self.low), "high": _short(self.high), "n": self.n}


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


@dataclass(slots=True)
class Tally:
    """A running mean of observations in [0, 1]."""

    total: float = 0.0
    n: int = 0

    def add(self, value: float) -> None:
        self.total += value
        self.n += 1

    @property
    def mean(self) -> float | None:
        return self.total / self.n if self.n else None

    def estimate(self) -> Estimate:
        """The mean with Jeffreys' interval for a proportion (Brown, Cai and DasGupta 2001).

        Observations between 0 and 1 vary less than yes and no do, so the interval is rather too wide than too narrow.
        """
        return Estimate(self.mean, *_beta(self.total + 0.5, self.n - self.total + 0.5), self.n) if self.n else NOTHING

    def shrunk(self, towards: float, weight: float) -> Estimate:
        """The posterior mean and interval under a Beta prior of mean `towards` that counts like `weight` observations.

        Who did three tasks is judged mostly as everybody else; who did three hundred by what they did.
        """
        won, lost = self.total + weight * towards, self.n - self.total + weight * (1 - towards)
        return Estimate(won / (won + lost), *_beta(max(won, 1e-9), max(lost, 1e-9)), self.n)


NOTHING = Estimate(None, None, None, 0)


def _beta(a: float, b: float) -> tuple[float, float]:
    return float(betaincinv(a, b, TAIL)), float(betaincinv(a, b, 1 - TAIL))
