"""Plots drawn on the server as SVG: pure functions from numbers to a `Plot`, with no style of their own.

Positions are percentages of the plot's area, so a plot fills any width while its text keeps its size; colours and
fonts come from CSS classes (`console.css`), so one drawing serves light and dark. Every text is escaped.
"""

from webapp.plots.bars import Bar, bars
from webapp.plots.curves import Curve, curves
from webapp.plots.forest import Row, forest
from webapp.plots.interval import interval
from webapp.plots.plot import Plot
from webapp.plots.sparkline import sparkline

__all__ = ["Bar", "Curve", "Plot", "Row", "bars", "curves", "forest", "interval", "sparkline"]
