from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from webapp.plots.plot import Plot, below, grid, spread
from webapp.plots.scale import Scale, nice
from webapp.plots.svg import join, percent, tag

FILL = 0.68  # of a column's width


@dataclass(frozen=True)
class Bar:
    label: str
    value: float
    hover: str = ""


def bars(
    key: str,
    title: str,
    description: str,
    columns: tuple[str, str],
    data: Sequence[Bar],
    *,
    present: bool = True,
    suffix: str = "",
) -> Plot:
    """Upright bars of whole numbers from 0; where they are days, the last one is marked as the `present`."""
    y = nice(0, max([bar.value for bar in data], default=0), whole=True)
    middles = spread(len(data))
    newest = data[-1] if present and data else None
    drawn = [_bar(bar, middle, 100 / len(data), y, bar is newest) for bar, middle in zip(data, middles, strict=True)]
    body = join([grid(y, suffix), *drawn, below([bar.label for bar in data], middles)])
    rows = [(bar.label, f"{bar.value:,g}{suffix}") for bar in data]
    return Plot(key, title, description, body, columns, rows)


def _bar(bar: Bar, middle: float, width: float, y: Scale, present: bool) -> SafeString:
    height = y.at(bar.value)
    column = tag("rect", x=percent(middle - width / 2), y="0", width=percent(width), height="100%", class_="plot-hit")
    shape = tag(
        "rect",
        x=percent(middle - width * FILL / 2),
        y=percent(100 - height),
        width=percent(width * FILL),
        height=percent(height),
        rx="2",
        class_="plot-bar plot-bar-now" if present else "plot-bar",
    )
    return tag("g", tag("title", bar.hover or f"{bar.label}: {bar.value:g}"), column, shape, class_="plot-column")
