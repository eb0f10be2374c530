from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def tag(name: str, *children: str, **attributes: object) -> SafeString:
    """One element; children that are not marked safe are escaped, attributes always.

    `class_="axis"` writes `class`, `stroke_width=1` writes `stroke-width`; an attribute that is None is left out.
    """
    given = ((_attribute(key), _value(value)) for key, value in attributes.items() if value is not None)
    opening = format_html_join("", ' {}="{}"', given)
    return format_html("<{}{}>{}</{}>", SafeString(name), opening, join(children), SafeString(name))


def join(children: "tuple[str, ...] | list[str]") -> SafeString:
    return format_html_join("", "{}", ((child,) for child in children))


def percent(value: float) -> str:
    return f"{_value(value)}%"


def _attribute(key: str) -> SafeString:
    """Keys are written in this package, never by a person; viewBox and the like keep their case."""
    return SafeString(key.rstrip("_").replace("_", "-"))


def _value(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
