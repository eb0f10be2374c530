from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from webapp.plots.plot import Plot
from webapp.plots.scale import Scale, label, nice
from webapp.plots.svg import join, percent, tag

ROW_REM = 2.6


@dataclass(frozen=True)
class Row:
    """An estimate with its interval, which may be unknown; `note` stands behind the number in the table."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""
    main: bool = False


def forest(
    key: str,
    title: str,
    description: str,
    columns: tuple[str, str, str],
    data: Sequence[Row],
    suffix: str = "",
    mark: float | None = None,
) -> Plot:
    """A line a row: its name, a dot at its value and its interval, along one scale; `mark` is a line to compare with.

    The names stand above their lines, so that long ones need no room at the side; intervals in figures are in the
    hover and the table.
    """
    numbers = [v for row in data for v in (row.value, row.low, row.high, mark) if v is not None]
    x = nice(min(numbers, default=0), max(numbers, default=1))
    rows = [_row(row, 100 * n / len(data), 100 / len(data), x, suffix) for n, row in enumerate(data)]
    body = join([_grid(x, suffix), *([_mark(x.at(mark))] if mark is not None else []), *rows])
    table = [(row.name, _text(row, suffix), row.note) for row in data]
    return Plot(key, title, description, body, columns, table, height=f"{ROW_REM * len(data) + 3:.1f}rem")


def _text(row: Row, suffix: str) -> str:
    value = _number(row.value) + suffix
    return (
        value if row.low is None or row.high is None else f"{value} ({_number(row.low)} – {_number(row.high)}{suffix})"
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _grid(x: Scale, suffix: str) -> SafeString:
    return join([part for tick in x.ticks for part in _grid_line(x.at(tick), label(tick * 1.0) + suffix)])


def _grid_line(left: float, text: str) -> list[str]:
    line = tag("line", x1=percent(left), x2=percent(left), y1="0", y2="100%", class_="plot-grid")
    return [line, tag("text", text, x=percent(left), y="100%", dy="20", class_="plot-label")]


def _mark(left: float) -> SafeString:
    return tag("line", x1=percent(left), x2=percent(left), y1="0", y2="100%", class_="plot-mark")


def _row(row: Row, top: float, height: float, x: Scale, suffix: str) -> SafeString:
    words, middle = percent(top + height * 0.42), percent(top + height * 0.72)
    shapes = [
        tag("text", row.name, x="0", y=words, class_="plot-label plot-label-row"),
        tag("text", _number(row.value) + suffix, x="100%", y=words, class_="plot-label plot-label-y"),
    ]
    if row.low is not None and row.high is not None:
        ends = {"x1": percent(x.at(row.low)), "x2": percent(x.at(row.high))}
        shapes.append(tag("line", **ends, y1=middle, y2=middle, class_="plot-line plot-range"))
    shapes.append(tag("circle", cx=percent(x.at(row.value)), cy=middle, r="4.5", class_="plot-dot"))
    hover = f"{row.name}: {_text(row, suffix)}" + (f", {row.note}" if row.note else "")
    return tag("g", tag("title", hover), *shapes, class_="plot-series-0" if row.main else "plot-series-2")
