from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.safestring import SafeString

from webapp.plots.scale import Scale, label
from webapp.plots.svg import join, percent, tag

ROOM = 34  # characters below a plot that fit on a phone, with space between the labels


@dataclass(frozen=True)
class Plot:
    """A drawing and the same numbers as a table, for those who cannot or would rather not look."""

    key: str  # unique on its page
    title: str
    description: str
    body: SafeString
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    legend: Sequence[tuple[str, str]] = field(default_factory=tuple)  # (CSS class, name)
    height: str = ""  # as CSS has it, where it follows from the data; else the style sheet's

    @property
    def svg(self) -> SafeString:
        names = f"{self.key}-title {self.key}-desc"
        title = tag("title", self.title, id=f"{self.key}-title")
        description = tag("desc", self.description, id=f"{self.key}-desc")
        shape = {"class_": "plot plot-rows", "height": self.height} if self.height else {"class_": "plot plot-tall"}
        return tag("svg", title, description, self.body, role="img", aria_labelledby=names, **shape)


def grid(y: Scale, suffix: str = "") -> SafeString:
    """Horizontal lines at the ticks of `y`, each with its number at the left."""
    return join([part for tick in y.ticks for part in _grid_line(100 - y.at(tick), label(tick * 1.0) + suffix)])


def _grid_line(top: float, text: str) -> list[str]:
    line = tag("line", x1="0", x2="100%", y1=percent(top), y2=percent(top), class_="plot-grid")
    number = tag("text", text, x="0", y=percent(top), dx="-8", dy="4", class_="plot-label plot-label-y")
    return [line, number]


def below(labels: Sequence[str], positions: Sequence[float]) -> SafeString:
    """Labels under the plot, thinned out evenly so that they never touch; the last one always stays."""
    fitting = max(2, ROOM // max(map(len, labels), default=1))
    every = -(-len(labels) // fitting)
    shown = [i for i in range(len(labels)) if (len(labels) - 1 - i) % every == 0]
    return join(
        [tag("text", labels[i], x=percent(positions[i]), y="100%", dy="20", class_="plot-label") for i in shown]
    )


def spread(count: int) -> list[float]:
    """The middles of `count` equal columns, in percent."""
    return [100 * (i + 0.5) / count for i in range(count)]
