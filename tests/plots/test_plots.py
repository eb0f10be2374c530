"""Plots put every number where it belongs, in words too, and let no text out of its place."""

from xml.etree import ElementTree

import pytest

from webapp.plots import Bar, Curve, Plot, Row, bars, curves, forest, sparkline
from webapp.plots.scale import label, nice


def parsed(plot: Plot) -> ElementTree.Element:
    return ElementTree.fromstring(plot.svg)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 8, [0, 2, 4, 6, 8]),
        (0, 9, [0, 2.5, 5, 7.5, 10]),
        (41, 79, [40, 50, 60, 70, 80]),
        (0.31, 0.69, [0.3, 0.4, 0.5, 0.6, 0.7]),
        (0, 0, [0, 0.25, 0.5, 0.75, 1]),
    ],
)
def test_ticks_are_round_and_reach_around(low: float, high: float, ticks: list[float]) -> None:
    scale = nice(low, high)
    assert list(scale.ticks) == pytest.approx(ticks)
    assert scale.low <= low
    assert scale.high >= high


def test_counts_have_whole_ticks() -> None:
    assert list(nice(0, 1, whole=True).ticks) == [0, 1]
    assert list(nice(0, 9, whole=True).ticks) == [0, 3, 6, 9]


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (12.5, "12.5"), (1500, "1.5k"), (2_000_000, "2M"), (0.30000001, "0.3")]
)
def test_ticks_are_written_as_people_write(value: float, text: str) -> None:
    assert label(value) == text


def test_a_bar_is_as_high_as_its_number() -> None:
    plot = bars("t", "Title", "What it shows", ("Day", "Judgements"), [Bar("Mon", 2), Bar("Tue", 4)])
    heights = [r.get("height") for r in parsed(plot).iter("rect") if "plot-bar" in (r.get("class") or "")]
    assert heights == ["50%", "100%"]
    assert plot.rows == [("Mon", "2"), ("Tue", "4")]


def test_a_plot_says_what_it_is() -> None:
    plot = bars("t", "Title", "What it shows", ("Day", "Judgements"), [Bar("Mon", 2)])
    svg = parsed(plot)
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "t-title t-desc"
    assert svg.find("title").text == "Title"  # type: ignore[union-attr]


def test_a_curve_with_its_interval_and_a_gap() -> None:
    accuracy = Curve("Model", [60.0, None, 80.0], [(50.0, 70.0), None, (75.0, 90.0)])
    plot = curves("a", "Accuracy", "In percent", "Version", ["v1", "v2", "v3"], [accuracy], "%")
    assert plot.rows == [["v1", "60% (50% – 70%)"], ["v2", "–"], ["v3", "80% (75% – 90%)"]]
    line = next(p for p in parsed(plot).iter("path") if p.get("class") == "plot-line")
    assert line.get("d") == "M2.00 75.00 L98.00 25.00"
    whiskers = [w for w in parsed(plot).iter("line") if w.get("class") == "plot-whisker"]
    assert [(w.get("y1"), w.get("y2")) for w in whiskers] == [("100%", "50%"), ("37.5%", "0%")]


def test_one_point_stands_in_the_middle() -> None:
    plot = curves("a", "Accuracy", "In percent", "Version", ["v1"], [Curve("Model", [60.0])])
    assert {c.get("cx") for c in parsed(plot).iter("circle")} == {"50%"}


def test_no_more_labels_than_fit() -> None:
    plot = bars("t", "Title", "d", ("Day", "n"), [Bar(f"day {n}", n) for n in range(30)])
    below = [t.text for t in parsed(plot).iter("text") if t.get("class") == "plot-label"]
    assert len(below) <= 6
    assert below[-1] == "day 29"


def test_text_is_escaped_everywhere() -> None:
    evil = '"><script>alert(1)</script>&'
    plots = [
        bars(evil, evil, evil, (evil, evil), [Bar(evil, 1, evil)]),
        curves(evil, evil, evil, evil, [evil], [Curve(evil, [1.0])], evil),
    ]
    for plot in plots:
        assert "<script" not in plot.svg
        parsed(plot)


def test_a_sparkline_keeps_its_shape() -> None:
    path = ElementTree.fromstring(sparkline([0, 5, 10])).find("path")
    assert path is not None
    assert path.get("d") == "M0.0 100.0 L50.0 50.0 L100.0 0.0"


def test_rows_stand_under_each_other_on_one_scale() -> None:
    rows = [Row("ours <b>", 75.0, 70.0, 80.0, "12", main=True), Row("chance", 50.0)]
    plot = forest("f", "Title", "What it says", ("Who", "Share", "Pairs"), rows, "%", mark=50.0)
    svg = parsed(plot)
    assert svg.get("height") == "8.2rem"
    assert list(plot.rows) == [("ours <b>", "75% (70 – 80%)", "12"), ("chance", "50%", "")]
    first, second = [g for g in svg if g.tag == "g"]
    assert first.find("text").text == "ours <b>"  # type: ignore[union-attr]
    assert first.find("circle").get("cx") == "83.33%"  # type: ignore[union-attr]
    assert second.find("circle").get("cx") == "0%"  # type: ignore[union-attr]
    (mark,) = [line for line in svg if line.get("class") == "plot-mark"]
    assert mark.get("x1") == "0%"
    assert len([line for line in first if line.get("class") == "plot-line plot-range"]) == 1
    assert not [line for line in second if line.get("class") == "plot-line plot-range"]
