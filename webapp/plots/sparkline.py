from collections.abc import Sequence

from django.utils.safestring import SafeString

from webapp.plots.svg import tag


def sparkline(values: Sequence[float]) -> SafeString:
    """A line without axes, for a table's cell or a tile; the text beside it says what it shows."""
    top = max([*values, 1])
    step = 100 / max(len(values) - 1, 1)
    path = " ".join(f"{'L' if i else 'M'}{i * step:.1f} {100 - 100 * v / top:.1f}" for i, v in enumerate(values))
    line = tag("path", d=path, class_="plot-line", vector_effect="non-scaling-stroke")
    return tag("svg", line, viewBox="0 0 100 100", preserveAspectRatio="none", class_="sparkline", aria_hidden="true")
