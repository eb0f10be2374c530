"""What figures cannot carry: said before training by what was ranked, and of a version by what was held out.

A tenth of the prompt families is held out to measure on. Below `ADVISED_HELD_OUT` of them an interval is wide and
itself not to be relied on; where it holds chance, or the difference from "longer wins" holds zero, nothing was shown.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.sentences import Sentence

ADVISED_HELD_OUT = 30  # prompt families
FAMILIES_A_HELD_OUT = 10
ADVISED = ADVISED_HELD_OUT * FAMILIES_A_HELD_OUT
MOST_FORETOLD = 20_000  # ranked prompts; beyond that it is another base that is wanted
CHANCE = 0.5


def _(sentence: str) -> str:
    """Marks what pages translate."""
    return sentence


SENTENCES = {
    "few_rankings": _(
        "Prompts with a ranking: %(have)d, of which %(held_out)d are held out to measure on. That is enough to see "
        "training work, but not for a conclusion: about %(more)d more ranked prompts are advisable."
    ),
    "nothing_held_out": _(
        "Nothing was held out, so nothing is known of how good this version is: about %(more)d more ranked prompts are "
        "advisable."
    ),
    "few_held_out": _(
        "Held-out prompts: %(have)d, fewer than the %(advised)d from which figures carry a conclusion. About %(more)d "
        "more ranked prompts are advisable."
    ),
    "chance": _(
        "Its accuracy cannot be told from chance: about %(more)d more ranked prompts would settle it if it stays as it "
        "is."
    ),
    "chance_open": _(
        "Its accuracy cannot be told from chance, and nothing says that more rankings alone would change that: look at "
        "how far people agree, and try another base."
    ),
    "longer_wins": _(
        "It cannot be told from the rule that the longer answer wins: about %(more)d more ranked prompts would settle "
        "it if the difference stays as it is."
    ),
    "longer_wins_open": _(
        "It does no better than the rule that the longer answer wins, and nothing says that more rankings alone would "
        "change that."
    ),
}


@dataclass(frozen=True)
class Caution:
    """One reason not to rely on figures."""

    code: str
    """A key of `SENTENCES`."""
    facts: Mapping[str, int]

    @property
    def more(self) -> int | None:
        """How many more ranked prompts are advisable; None where nobody can say."""
        return self.facts.get("more")

    @property
    def sentence(self) -> Sentence:
        return Sentence(SENTENCES[self.code], **self.facts)


def before_training(prompts: int, held_out: int) -> list[Caution]:
    """Of `prompts` families with a ranking, `held_out` of them not to be trained on."""
    if not prompts or prompts >= ADVISED:
        return []
    return [Caution("few_rankings", {"have": prompts, "held_out": held_out, "more": ADVISED - prompts})]


def of_figures(figures: Mapping[str, Any]) -> list[Caution]:
    """Of a version, by `metrics.held_out` or `figures.report`; what an older version lacks is left unsaid."""
    if "split" not in figures:
        return []
    value, low = _estimate(figures.get("accuracy"))
    families = figures.get("families")
    families = families if isinstance(families, int) else 0
    if figures["split"] is None or value is None:
        return [Caution("nothing_held_out", {"more": ADVISED})]
    found = []
    if families < ADVISED_HELD_OUT:
        lacking = ADVISED_HELD_OUT - families
        facts = {"have": families, "advised": ADVISED_HELD_OUT, "more": lacking * FAMILIES_A_HELD_OUT}
        found.append(Caution("few_held_out", facts))
    if low is None or low <= CHANCE:
        found.append(_unsettled("chance", families, value - CHANCE, None if low is None else value - low))
    gain, lowest = _estimate(figures.get("gain"))
    if gain is not None and (lowest is None or lowest <= 0):
        found.append(_unsettled("longer_wins", families, gain, None if lowest is None else gain - lowest))
    return found


def _unsettled(code: str, families: int, lead: float, half: float | None) -> Caution:
    """With `more` prompts the interval, `half` as wide as now on its lower side, would be as narrow as the lead.

    It narrows with the root of the number of families.
    """
    if lead <= 0:
        return Caution(f"{code}_open", {})
    wanted = ADVISED_HELD_OUT if half is None else families * (half / lead) ** 2
    more = FAMILIES_A_HELD_OUT * max(1, math.ceil(max(wanted, ADVISED_HELD_OUT) - families))
    return Caution(code, {"more": more}) if more <= MOST_FORETOLD else Caution(f"{code}_open", {})


def _estimate(given: Any) -> tuple[float | None, float | None]:
    """The value and the lower end of an interval."""
    if not isinstance(given, Mapping):
        return None, None
    value, low = given.get("value"), given.get("low")
    return (value if isinstance(value, int | float) else None), (low if isinstance(low, int | float) else None)
