from django.utils.safestring import SafeString

from webapp.plots.svg import percent, tag


def interval(value: float, low: float, high: float, reference: float | None = None) -> SafeString:
    """A share with its interval on a line from 0 to 1, for a table's cell: the text beside it says the same.

    `reference` is marked, so that one sees on which side of it the interval lies.
    """
    parts = [tag("line", x1="0", x2="100%", y1="50%", y2="50%", class_="plot-grid")]
    if reference is not None:
        at = percent(100 * reference)
        parts.append(tag("line", x1=at, x2=at, y1="0", y2="100%", class_="plot-reference"))
    parts.append(tag("line", x1=percent(100 * low), x2=percent(100 * high), y1="50%", y2="50%", class_="plot-span"))
    parts.append(tag("circle", cx=percent(100 * value), cy="50%", r="4", class_="plot-dot"))
    return tag("svg", *parts, class_="interval", aria_hidden="true")
