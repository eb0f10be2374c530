"""A version's figures (workers/figures/report.py), read with care: an older version may lack some, or all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webapp.console.metrics import Estimate, Heldout, heldout
from workers.models import RewardModel
from workers.sentences import said

Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Slice:
    """One part of the held-out pairs."""

    name: str
    accuracy: Estimate
    pairs: int


@dataclass(frozen=True)
class Earlier:
    """An earlier version beside this one, on the same pairs."""

    version: int
    accuracy: Estimate
    difference: Estimate
    agreement: Estimate
    shift: float | None
    correlation: float | None


@dataclass(frozen=True)
class Projection:
    """What `more` rankings would bring; `reason` where that cannot be said."""

    more: int
    gain: Estimate
    told: bool
    beyond: bool
    reason: str


@dataclass(frozen=True)
class Measured:
    """`found` is empty for a version that was never measured."""

    model: RewardModel
    found: Figures
    heldout: Heldout

    def __bool__(self) -> bool:
        return bool(self.found)

    def estimate(self, name: str) -> Estimate:
        return Estimate.read(self.found.get(name))

    @property
    def accuracy(self) -> Estimate:
        """On today's rankings of the held-out prompts; or as the trainer measured it, where there is no later one."""
        known = self.estimate("accuracy")
        return self.heldout.accuracy if known.value is None else known

    @property
    def people(self) -> Estimate:
        return self.estimate("people")

    @property
    def shorter_won(self) -> Estimate:
        return self.estimate("shorter_won")

    @property
    def gain_over_probe(self) -> Estimate:
        return self.estimate("gain_over_probe")

    @property
    def calibration(self) -> Figures:
        return _mapping(self.found.get("calibration"))

    @property
    def scores(self) -> Figures:
        return _mapping(self.found.get("scores"))

    def slices(self, name: str) -> list[Slice]:
        given = [row for row in _rows(self.found.get(name)) if row.get("value") is not None]
        return [Slice(str(row.get("name", "")), Estimate.read(row), int(row.get("pairs", 0))) for row in given]

    @property
    def earlier(self) -> list[Earlier]:
        return [_earlier(row) for row in _rows(self.found.get("versions")) if row.get("version")]

    def against(self, version: int) -> Earlier | None:
        return next((earlier for earlier in self.earlier if earlier.version == version), None)

    @property
    def learning(self) -> Figures:
        return _mapping(self.found.get("learning"))

    @property
    def projection(self) -> Projection | None:
        given = _mapping(self.learning.get("projection"))
        if not given:
            return None
        gain = Estimate.read({**given, "value": given.get("gain")})
        told, beyond = bool(given.get("told")), bool(given.get("beyond"))
        return Projection(int(given.get("more", 0)), gain, told, beyond, str(given.get("reason", "")))

    @property
    def unmeasured(self) -> str:
        """Why there is no probe and no learning curve: a sentence, or a word of probing.py."""
        reason = str(_mapping(self.found.get("unmeasured")).get("probe", ""))
        return said(reason, _mapping(self.found.get("unmeasured_words")))


def measured(model: RewardModel) -> Measured:
    return Measured(model, _mapping(model.metrics.get("figures")), heldout(model))


def _earlier(row: Figures) -> Earlier:
    drift = _mapping(row.get("drift"))
    return Earlier(
        version=int(row["version"]),
        accuracy=Estimate.read(row.get("accuracy")),
        difference=Estimate.read(row.get("difference")),
        agreement=Estimate.read(row.get("agreement")),
        shift=drift.get("shift"),
        correlation=drift.get("correlation"),
    )


def _mapping(given: Any) -> Figures:
    return given if isinstance(given, Mapping) else {}


def _rows(given: Any) -> Sequence[Figures]:
    return [row for row in given if isinstance(row, Mapping)] if isinstance(given, Iterable) else []
