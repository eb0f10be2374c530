"""Everything that is known of the quality of a project's judgements, in one pass over its tasks.

Memory grows with the people and the days, never with the judgements.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from annotation.quality.agreement import Agreement
from annotation.quality.bias import Habits, Places, see
from annotation.quality.gold import scored
from annotation.quality.said import Judged, Vote
from annotation.quality.shares import Estimate, Tally

PRIOR = 5.0  # tasks that the project's mean counts for in somebody's reliability
PEOPLE = 2_000  # those who judged most have rows of their own
PASS = 0.7  # of gold, where the project does not say


@dataclass(slots=True)
class Limits:
    """From where on a person's figures are worth a manager's look; each needs the interval, not the mean, beyond it."""

    gold: float = PASS
    too_fast: float = 0.1
    as_shown: float = 0.25  # beyond what chance gives
    first_wins: float = 0.55
    tasks: int = 5  # fewer tell nothing
    golds: int = 3


class Measure:
    """Add the project's judged tasks one by one, then read `figures`."""

    def __init__(self, criteria: Sequence[str], limits: Limits | None = None):
        self.criteria, self.limits = tuple(criteria), limits or Limits()
        self.agreement = {criterion: Agreement() for criterion in criteria}
        self.all, self.places, self.gold = Habits(), Places(), Tally()
        self.habits: dict[int, Habits] = {}
        self.gold_by_person: dict[int, Tally] = {}

    @property
    def main(self) -> str:
        return self.criteria[0]

    def add(self, judged: Judged) -> None:
        if judged.gold is None:
            for criterion, agreement in self.agreement.items():
                agreement.add(judged, criterion)
        for vote in judged.votes:
            self._add_vote(judged, vote)

    def _add_vote(self, judged: Judged, vote: Vote) -> None:
        seen = see(judged, vote, self.main)
        for habits in (self.all, self.habits.setdefault(vote.person, Habits())):
            habits.add(seen)
        self.places.add(seen)
        if judged.gold is not None:
            self._check(vote, scored(judged.gold, vote.orders, self.main))

    def _check(self, vote: Vote, score: float | None) -> None:
        if score is not None:
            self.gold.add(score)
            self.gold_by_person.setdefault(vote.person, Tally()).add(score)

    def figures(self) -> dict[str, Any]:
        """Shares are `{value, low, high, n}` with 95% intervals; see the modules for what each one means."""
        return {
            "judgements": self.all.judgements,
            "agreement": {criterion: agreement.figures() for criterion, agreement in self.agreement.items()},
            "gold": self.gold.estimate().as_dict(),
            "bias": {**self.all.figures(), "places": self.places.figures()},
            "people": [self._person(person) for person in self._most_first()[:PEOPLE]],
            "people_in_all": len(self.habits),
        }

    def _most_first(self) -> list[int]:
        return sorted(self.habits, key=lambda person: (-self.habits[person].judgements, person))

    def _person(self, person: int) -> dict[str, Any]:
        agreeing = self.agreement[self.main].by_person.get(person, Tally())
        average = self.agreement[self.main].tally.mean
        reliability = None if average is None else agreeing.shrunk(average, PRIOR)
        gold = self.gold_by_person.get(person, Tally()).estimate()
        return {
            "person": person,
            "agreement": agreeing.estimate().as_dict(),
            "reliability": None if reliability is None else reliability.as_dict(),
            "gold": gold.as_dict(),
            **self.habits[person].figures(),
            "concerns": self._concerns(self.habits[person], reliability, gold),
        }

    def _concerns(self, habits: Habits, reliability: Estimate | None, gold: Estimate) -> list[str]:
        limits, average = self.limits, self.agreement[self.main].tally.mean
        chance = habits.as_shown_by_chance / habits.as_shown.n if habits.as_shown.n else 0.0
        found = {
            "disagrees": reliability is not None and _below(reliability, average, limits.tasks),
            "fails_gold": _below(gold, limits.gold, limits.golds),
            "too_fast": _above(habits.too_fast.estimate(), limits.too_fast, limits.tasks),
            "as_shown": _above(habits.as_shown.estimate(), chance + limits.as_shown, limits.tasks),
            "first_wins": _above(habits.first_wins.estimate(), limits.first_wins, 2 * limits.tasks),
        }
        return [name for name, yes in found.items() if yes]


CONCERNS = ("disagrees", "fails_gold", "too_fast", "as_shown", "first_wins")


def _below(estimate: Estimate, line: float | None, at_least: int) -> bool:
    return line is not None and estimate.high is not None and estimate.n >= at_least and estimate.high < line


def _above(estimate: Estimate, line: float, at_least: int) -> bool:
    return estimate.low is not None and estimate.n >= at_least and estimate.low > line
