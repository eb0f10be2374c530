"""From the project's facts to plots."""

from collections.abc import Sequence

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webapp.console.figures import Day
from webapp.console.metrics import Estimate, Heldout
from webapp.plots import Bar, Curve, Plot, bars, curves


def throughput(days: Sequence[Day]) -> Plot:
    data = [Bar(_day(d), d.judgements, _hover(d)) for d in days]
    return bars(
        "throughput",
        _("Judgements a day"),
        _("One bar for each of the last %(count)d days; the last one is today.") % {"count": len(days)},
        (_("Day"), _("Judgements")),
        data,
    )


def _hover(day: Day) -> str:
    judgements = ngettext("%(n)d judgement", "%(n)d judgements", day.judgements) % {"n": day.judgements}
    people = ngettext("%(n)d person", "%(n)d people", day.people) % {"n": day.people}
    return f"{_day(day)}: {judgements}, {people}"


def _day(day: Day) -> str:
    # Translators: a date format of Django's: short month and day, as in "Nov 23".
    return date_format(day.day, _("M j"))


def accuracy(versions: Sequence[tuple[int, Heldout]]) -> Plot | None:
    """Held-out accuracy a version, oldest first, beside the rule "longer wins" and chance; None without figures."""
    known = [(version, heldout) for version, heldout in versions if heldout.accuracy.value is not None]
    if not known:
        return None
    return curves(
        "accuracy",
        _("Held-out accuracy"),
        _("Share of pairs on prompts never trained on in which the preferred answer scores higher, in percent."),
        _("Version"),
        [f"v{version}" for version, _heldout in known],
        [
            _percent_curve(_("Reward model (95% interval)"), [heldout.accuracy for _v, heldout in known], band=True),
            _percent_curve(_("“Longer wins”"), [heldout.longer_wins for _v, heldout in known], band=False),
            Curve(_("Chance"), [50.0] * len(known), dashed=True, dots=False),
        ],
        "%",
    )


def _percent_curve(name: str, estimates: Sequence[Estimate], band: bool) -> Curve:
    values = [None if e.value is None else 100 * e.value for e in estimates]
    intervals = [(100 * e.low, 100 * e.high) if e.low is not None and e.high is not None else None for e in estimates]
    return Curve(name, values, intervals if band else (), dashed=not band)


def loss(points: Sequence[tuple[int, float]], heldout: Sequence[tuple[int, float]]) -> Plot | None:
    """The training's loss a step, beside the validation's where it was measured; None without points."""
    steps = sorted({step for step, _value in (*points, *heldout)})
    if not steps:
        return None
    lines = [(_("Training"), dict(points)), (_("Validation"), dict(heldout))]
    return curves(
        "loss",
        _("Loss while training"),
        _("Mean loss of the ranked groups, in nats; lower is better."),
        _("Step"),
        [str(step) for step in steps],
        [Curve(name, [found.get(step) for step in steps], dots=False) for name, found in lines if found],
    )
