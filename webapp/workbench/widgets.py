"""Form fields written by hand: a ranking page has up to two hundred, and a template for each costs half its time.

What comes out is the HTML that Django's own templates give; a test compares them.
"""

from collections.abc import Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

Widget = Mapping[str, Any]
FOLDER = "django/forms/widgets/"
INPUTS = frozenset(f"{FOLDER}{name}.html" for name in ("checkbox", "hidden", "number", "radio_option", "text"))


class Quick(DjangoTemplates):
    """Writes the widgets that the workbench uses much; leaves all others to Django's templates."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        widget: Widget = context.get("widget", {})
        if template_name in INPUTS and not widget.get("wrap_label"):
            return _input(widget)
        if template_name == f"{FOLDER}select.html":
            return _select(widget)
        if template_name == f"{FOLDER}textarea.html":
            return _textarea(widget)
        return super().render(template_name, context, request)


def _attributes(widget: Widget) -> SafeString:
    """` checked id="…"`: True is an attribute without a value, False is none."""
    said = (
        format_html(" {}", name) if value is True else format_html(' {}="{}"', name, value)
        for name, value in widget["attrs"].items()
        if value is not False
    )
    return mark_safe("".join(said))


def _input(widget: Widget) -> SafeString:
    value = "" if widget["value"] is None else format_html(' value="{}"', widget["value"])
    return format_html('<input type="{}" name="{}"{}{}>', widget["type"], widget["name"], value, _attributes(widget))


def _select(widget: Widget) -> SafeString:
    """Without groups of options, of which the workbench has none."""
    options = (
        (option["value"], _attributes(option), option["label"])
        for _, group, _ in widget["optgroups"]
        for option in group
    )
    listed = format_html_join("", '<option value="{}"{}>{}</option>', options)
    return format_html('<select name="{}"{}>{}</select>', widget["name"], _attributes(widget), listed)


def _textarea(widget: Widget) -> SafeString:
    return format_html(
        '<textarea name="{}"{}>\n{}</textarea>', widget["name"], _attributes(widget), widget["value"] or ""
    )
