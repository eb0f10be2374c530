from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from django.utils.safestring import SafeString

from webapp.plots.plot import Plot, below, grid
from webapp.plots.scale import Scale, nice
from webapp.plots.svg import join, percent, tag


@dataclass(frozen=True)
class Curve:
    """`y[i]` over the plot's `x[i]`; None where there is nothing to show. `interval[i]` = (low, high)."""

    name: str
    y: Sequence[float | None]
    interval: Sequence[tuple[float, float] | None] = field(default_factory=tuple)
    dashed: bool = False
    dots: bool = True

    @property
    def band(self) -> list[tuple[float, float] | None]:
        return list(self.interval) or [None] * len(self.y)

    @property
    def reach(self) -> list[float]:
        """Every number that must fit on the scale."""
        return [v for v in self.y if v is not None] + [v for pair in self.band if pair for v in pair]


def curves(
    key: str,
    title: str,
    description: str,
    x_name: str,
    x_labels: Sequence[str],
    data: Sequence[Curve],
    suffix: str = "",
) -> Plot:
    """Lines over evenly spaced points, each with its interval as a band where it has one."""
    numbers = [v for curve in data for v in curve.reach]
    y = nice(min(numbers, default=0), max(numbers, default=1))
    positions = _positions(len(x_labels))
    drawn = [_curve(i, curve, x_labels, positions, y, suffix) for i, curve in enumerate(data)]
    body = join([grid(y, suffix), *drawn, below(x_labels, positions)])
    rows = [[text, *(_cell(curve, i, suffix) for curve in data)] for i, text in enumerate(x_labels)]
    legend = [(f"plot-series-{i}", curve.name) for i, curve in enumerate(data)]
    return Plot(key, title, description, body, [x_name, *(curve.name for curve in data)], rows, legend)


def _positions(count: int) -> list[float]:
    """From 2 to 98 %, so that dots at the ends are not cut; a single point stands in the middle."""
    return [50.0] if count == 1 else [2 + 96 * i / (count - 1) for i in range(count)]


def _cell(curve: Curve, i: int, suffix: str) -> str:
    value, pair = curve.y[i], curve.band[i]
    if value is None:
        return "–"
    return _text(value, suffix) + (f" ({_text(pair[0], suffix)} – {_text(pair[1], suffix)})" if pair else "")


def _text(value: float, suffix: str) -> str:
    return f"{value:.4g}{suffix}"


def _curve(
    number: int, curve: Curve, labels: Sequence[str], positions: Sequence[float], y: Scale, suffix: str
) -> SafeString:
    points = [(x, 100 - y.at(v)) for x, v in zip(positions, curve.y, strict=True) if v is not None]
    band = [(x, pair) for x, pair in zip(positions, curve.band, strict=True) if pair]
    shapes = [_band(band, y), _line(points, curve.dashed)]
    bars = [_whisker(x, pair, y) for x, pair in band]
    hover = [f"{curve.name}, {label}: {_cell(curve, i, suffix)}" for i, label in enumerate(labels)]
    present = [text for text, v in zip(hover, curve.y, strict=True) if v is not None]
    dots = [_dot(x, top, text, curve.dots) for (x, top), text in zip(points, present, strict=True)]
    stretched = tag("svg", *shapes, viewBox="0 0 100 100", preserveAspectRatio="none", class_="plot-stretch")
    return tag("g", stretched, *bars, *dots, class_=f"plot-series-{number}")


def _line(points: Sequence[tuple[float, float]], dashed: bool) -> SafeString:
    path = " ".join(f"{'L' if i else 'M'}{x:.2f} {top:.2f}" for i, (x, top) in enumerate(points))
    return tag(
        "path", d=path, class_="plot-line plot-dashed" if dashed else "plot-line", vector_effect="non-scaling-stroke"
    )


def _band(band: Sequence[tuple[float, tuple[float, float]]], y: Scale) -> SafeString:
    quads = [
        f"M{x0:.2f} {100 - y.at(a[1]):.2f} L{x1:.2f} {100 - y.at(b[1]):.2f} "
        f"L{x1:.2f} {100 - y.at(b[0]):.2f} L{x0:.2f} {100 - y.at(a[0]):.2f} Z"
        for (x0, a), (x1, b) in pairwise(band)
    ]
    return tag("path", d=" ".join(quads), class_="plot-band")


def _whisker(x: float, pair: tuple[float, float], y: Scale) -> SafeString:
    low, high = (percent(100 - y.at(v)) for v in pair)
    return tag("line", x1=percent(x), x2=percent(x), y1=low, y2=high, class_="plot-whisker")


def _dot(x: float, top: float, hover: str, visible: bool) -> SafeString:
    """A small mark in a circle wide enough to point at."""
    place = {"cx": percent(x), "cy": percent(top)}
    mark = [tag("circle", **place, r="3.5", class_="plot-dot")] if visible else []
    return tag("g", tag("title", hover), tag("circle", **place, r="12", class_="plot-hit"), *mark)
