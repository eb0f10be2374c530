"""Quality's figures for people to read: shares in percent, each drawn with its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.models import Person
from annotation.quality.measuring import agreement
from webapp.console.metrics import Estimate
from webapp.plots import Curve, Plot, curves, interval

POINTS = 14  # of the plot over time
CONCERNS = {
    "disagrees": gettext_lazy("disagrees with others"),
    "fails_gold": gettext_lazy("fails gold"),
    "too_fast": gettext_lazy("too fast to have read"),
    "as_shown": gettext_lazy("leaves the order as shown"),
    "first_wins": gettext_lazy("prefers the first answer"),
}


@dataclass(frozen=True)
class Share(Estimate):
    """Of `n` observations; `drawn` is empty where there are none."""

    n: int = 0
    reference: float | None = None

    @classmethod
    def of(cls, found: Mapping[str, Any] | None, reference: float | None = None) -> "Share":
        found = found or {}
        return cls(found.get("value"), found.get("low"), found.get("high"), found.get("n") or 0, reference)

    @property
    def rounded(self) -> str:
        return "–" if self.value is None else f"{100 * self.value:.0f}%"

    @property
    def drawn(self) -> SafeString:
        if self.value is None or self.low is None or self.high is None:
            return SafeString("")
        return interval(self.value, self.low, self.high, self.reference)


@dataclass(frozen=True)
class Row:
    """One person's figures."""

    person: Person
    judgements: int
    reliability: Share
    agreement: Share
    gold: Share
    first_wins: Share
    longer_wins: Share
    too_fast: Share
    as_shown: Share
    as_shown_by_chance: float | None
    median_seconds: float | None
    concerns: list[str]


def rows(figures: Mapping[str, Any], shown: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Of `shown`, some of the figures' people, those who are still there."""
    average = agreement(figures)["pair_agreement"]["value"]
    longer = figures["bias"]["longer_wins"]["value"]
    people = Person.objects.in_bulk([found["person"] for found in shown])
    return [row(found, people[found["person"]], average, longer) for found in shown if found["person"] in people]


def row(found: Mapping[str, Any], person: Person, average: float | None, longer: float | None) -> Row:
    chance = found["as_shown"]["by_chance"]
    return Row(
        person=person,
        judgements=found["judgements"],
        reliability=Share.of(found["reliability"], average),
        agreement=Share.of(found["agreement"], average),
        gold=Share.of(found["gold"]),
        first_wins=Share.of(found["first_wins"], 0.5),
        longer_wins=Share.of(found["longer_wins"], longer),
        too_fast=Share.of(found["too_fast"]),
        as_shown=Share.of(found["as_shown"], chance),
        as_shown_by_chance=chance,
        median_seconds=found["median_seconds"],
        concerns=[str(CONCERNS[name]) for name in found["concerns"] if name in CONCERNS],
    )


def over_time(by_day: Mapping[str, Mapping[str, Any]]) -> Plot | None:
    """Agreement by day, or by week where there are more days than fit; None before there is any."""
    found = {date.fromisoformat(day): (share["value"] * share["n"], share["n"]) for day, share in by_day.items()}
    points = _points(found)
    if not points:
        return None
    # Translators: a date format of Django's: short month and day, as in "Nov 23".
    labels = [date_format(day, _("M j")) for day, _share in points]
    values = [100 * total / n for _day, (total, n) in points]
    return curves(
        "agreement",
        _("Agreement over time"),
        _("Pairs of answers that two people order alike, in percent, by the day or week of a task's last judgement."),
        _("From"),
        labels,
        [Curve(_("Agreement"), values), Curve(_("Chance"), [50.0] * len(points), dashed=True, dots=False)],
        "%",
    )


def _points(found: Mapping[date, tuple[float, int]]) -> list[tuple[date, tuple[float, int]]]:
    days = sorted(found)
    if not days:
        return []
    step = max(1, -(-((days[-1] - days[0]).days + 1) // POINTS))
    sums: dict[date, tuple[float, int]] = {}
    for day in days:
        start = days[0] + timedelta(days=(day - days[0]).days // step * step)
        total, n = sums.get(start, (0.0, 0))
        sums[start] = (total + found[day][0], n + found[day][1])
    return sorted(sums.items())


def by_place(places: Sequence[Mapping[str, Any]]) -> Plot | None:
    """How often an answer wins by its place on the page; None before anybody judged."""
    known = [Share.of(place) for place in places]
    if not known or known[0].value is None:
        return None
    return curves(
        "places",
        _("Wins by place on the page"),
        _("Share of the pairs with a winner that an answer won, by where it stood; without a habit each wins half."),
        _("Place"),
        [str(number) for number, _share in enumerate(known, 1)],
        [
            Curve(_("Won (95% interval)"), [_percent(s.value) for s in known], [_band(s) for s in known]),
            Curve(_("No habit"), [50.0] * len(known), dashed=True, dots=False),
        ],
        "%",
    )


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _band(share: Share) -> tuple[float, float] | None:
    return None if share.low is None or share.high is None else (100 * share.low, 100 * share.high)
