"""From a version's figures to plots. `key` sets the plots of two versions on one page apart."""

from collections.abc import Sequence
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.quality.standings import Standing, Table
from webapp.console.measured import Measured, Slice
from webapp.console.metrics import Estimate
from webapp.plots import Curve, Plot, Row, curves, forest

CHANCE = 50.0


def every(found: Measured) -> list[Plot]:
    """All plots that the version's figures allow, in the order of its page."""
    key = f"v{found.model.version}"
    drawn = [
        beside(found, key),
        reliability(found, key),
        over(found, key, "by_distance", _("Accuracy by distance"), _("How many ranks people put between the two")),
        over(found, key, "by_strength", _("Accuracy by strength"), _("How strongly people preferred, from 1 to 4")),
        over(found, key, "by_round", _("Accuracy over time"), _("Judged from this day on")),
        among(found, key, "by_category", _("Accuracy by category")),
        among(found, key, "by_language", _("Accuracy by language")),
        learning(found, key),
        preferred(found, key),
    ]
    return [plot for plot in drawn if plot]


def beside(found: Measured, key: str) -> Plot | None:
    """The model beside what it must beat and what it cannot pass."""
    named = [
        (_("Reward model"), found.accuracy),
        (_("Where the shorter answer won"), found.shorter_won),
        (_("A probe on frozen features"), found.estimate("probe")),
        (_("“Longer wins”"), found.estimate("longer_wins")),
        (_("Two people with each other"), found.people),
    ]
    rows = [_row(name, estimate, main=n == 0) for n, (name, estimate) in enumerate(named) if estimate.value is not None]
    return (
        forest(
            f"{key}-beside",
            _("Accuracy, and what to hold it against"),
            _(
                "Share of held-out pairs in which the answer that people preferred is put first, in percent. "
                "50 is chance."
            ),
            (_("Who decides"), _("Accuracy"), ""),
            rows,
            "%",
            mark=CHANCE,
        )
        if rows
        else None
    )


def _row(name: str, estimate: Estimate, *, main: bool = False, note: str = "") -> Row:
    assert estimate.value is not None
    return Row(name, 100 * estimate.value, _hundred(estimate.low), _hundred(estimate.high), note, main)


def _hundred(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _pairs(count: int) -> str:
    return ngettext("%(n)d pair", "%(n)d pairs", count) % {"n": count}


def reliability(found: Measured, key: str) -> Plot | None:
    """How sure it was beside how often it was right."""
    bins = [b for b in found.calibration.get("bins") or () if b.get("pairs")]
    if not bins:
        return None
    return curves(
        f"{key}-reliability",
        _("Reliability"),
        _("Held-out pairs by how sure the model was of its choice, and how often it was right; both should agree."),
        _("How sure"),
        [f"{100 * b['low']:.0f}–{100 * b['high']:.0f}%" for b in bins],
        [
            Curve(_("How often it was right"), [100 * b["accuracy"] for b in bins]),
            Curve(_("How sure it was"), [100 * b["confidence"] for b in bins], dashed=True),
        ],
        "%",
    )


def over(found: Measured, key: str, name: str, title: str, x_name: str) -> Plot | None:
    """Accuracy in slices that have an order; None for fewer than two."""
    slices = found.slices(name)
    if len(slices) < 2:
        return None
    return curves(
        f"{key}-{name}",
        title,
        _("Accuracy on the held-out pairs of each slice, in percent, with 95% intervals."),
        x_name,
        [_label(part.name) for part in slices],
        [_curve(_("Accuracy (95% interval)"), [part.accuracy for part in slices]), _chance(len(slices))],
        "%",
    )


def _label(name: str) -> str:
    """A day as people write it; anything else as it is."""
    try:
        # Translators: a date format of Django's: short month and day, as in "Nov 23".
        return date_format(date.fromisoformat(name), _("M j"))
    except ValueError:
        return name


def _curve(name: str, estimates: Sequence[Estimate]) -> Curve:
    bands = [(100 * e.low, 100 * e.high) if e.low is not None and e.high is not None else None for e in estimates]
    return Curve(name, [_hundred(e.value) for e in estimates], bands)


def _chance(count: int) -> Curve:
    return Curve(_("Chance"), [CHANCE] * count, dashed=True, dots=False)


def among(found: Measured, key: str, name: str, title: str) -> Plot | None:
    """Accuracy in slices without an order; None for fewer than two."""
    slices = found.slices(name)
    if len(slices) < 2:
        return None
    return forest(
        f"{key}-{name}",
        title,
        _("Accuracy on the held-out pairs of each kind of prompt, in percent, the most pairs first."),
        (_("Prompts"), _("Accuracy"), _("Pairs")),
        [_sliced(part) for part in slices],
        "%",
        mark=CHANCE,
    )


def _sliced(part: Slice) -> Row:
    return _row(
        f"{part.name or _('none given')} · {_pairs(part.pairs)}", part.accuracy, main=True, note=str(part.pairs)
    )


def learning(found: Measured, key: str) -> Plot | None:
    points = found.learning.get("points") or []
    if len(points) < 2:
        return None
    return curves(
        f"{key}-learning",
        _("Learning curve"),
        _("Held-out accuracy of a probe on frozen features, fitted to nested parts of the rankings, in percent."),
        _("Ranked prompts"),
        [str(point["rankings"]) for point in points],
        [_curve(_("Probe (95% interval)"), [Estimate.read(point) for point in points]), _chance(len(points))],
        "%",
    )


def preferred(found: Measured, key: str) -> Plot | None:
    """Which models' answers it scores highest."""
    rows = [row for row in found.scores.get("by_generator") or () if row.get("value") is not None]
    if not rows:
        return None
    return forest(
        f"{key}-preferred",
        _("Which answers it prefers"),
        _("Mean score of each model's answers with its 95% interval; 0 is the mean of what people preferred."),
        (_("Model"), _("Score"), _("Answers")),
        [_scored(row, n == 0) for n, row in enumerate(rows)],
        mark=0.0,
    )


def _scored(row: dict[str, float | str], first: bool) -> Row:
    numbers = {name: None if row.get(name) is None else float(row[name]) for name in ("value", "low", "high")}
    return Row(str(row["name"]), numbers["value"] or 0.0, numbers["low"], numbers["high"], str(row.get("n", "")), first)


def spread(versions: Sequence[Measured]) -> Plot | None:
    """How the scores have moved from version to version, oldest first."""
    known = [found for found in versions if found.scores.get("quantiles")]
    if len(known) < 2:
        return None
    quantiles = [found.scores["quantiles"] for found in known]
    return curves(
        "spread",
        _("Drift of the scores"),
        _("Median score of the project's answers by version, with the range from the 5th to the 95th hundredth."),
        _("Version"),
        [f"v{found.model.version}" for found in known],
        [Curve(_("Median (5% to 95%)"), [q["50"] for q in quantiles], [(q["5"], q["95"]) for q in quantiles])],
    )


def standings(table: Table) -> Plot | None:
    if not table.rows:
        return None
    rows = [_standing(standing, n == 0) for n, standing in enumerate(table.rows)]
    return forest(
        "standings",
        _("Model standings"),
        _("Rating of each model with its 95% interval; 1000 is the mean, 400 points more are odds of ten to one."),
        (_("Model"), _("Rating"), _("Comparisons")),
        rows,
        mark=1000.0,
    )


def _standing(standing: Standing, first: bool) -> Row:
    low, high = standing.interval or (None, None)
    return Row(standing.generator.name, standing.rating, low, high, str(standing.comparisons), first)
