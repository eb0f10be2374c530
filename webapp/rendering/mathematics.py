"""TeX to MathML, which browsers typeset themselves: no script, no fonts to load."""

import logging
import re
from typing import Any

from django.utils.html import escape
from latex2mathml.converter import convert

log = logging.getLogger(__name__)

LONGEST = 2_000  # characters of TeX; the converter recurses
ENVIRONMENT = re.compile(r"\\(begin|end)\{(\w+\*?)\}")
# What the converter does not know → what it knows that looks the same.
KNOWN_AS = {"aligned": "split", "gather": "matrix", "gather*": "matrix", "gathered": "matrix", "dcases": "cases"}


def mathml(tex: str, options: dict[str, Any]) -> str:
    """MathML of `tex`, or the TeX itself as code where it cannot be read; `options` come from dollarmath."""
    if len(tex) > LONGEST:
        return as_code(tex)
    # The converter copies the text of \\text{…} as it is: what could begin a tag must not reach it.
    safe = ENVIRONMENT.sub(known, tex.replace("<", r"\lt ").replace(">", r"\gt "))
    try:
        return str(convert(safe, display="block" if options.get("display_mode") else "inline"))
    except Exception as error:  # noqa: BLE001 - hostile TeX makes it raise anything, RecursionError and IndexError too
        log.debug("TeX left as it is: %r", error)
        return as_code(tex)


def known(environment: re.Match[str]) -> str:
    verb, name = environment.groups()
    return rf"\{verb}{{{KNOWN_AS.get(name, name)}}}"


def as_code(tex: str) -> str:
    return f'<code class="tex">{escape(tex)}</code>'
