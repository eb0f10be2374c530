"""Code blocks with Pygments' classes; colours are in static/css/code.css."""

from django.utils.html import escape
from pygments import highlight as pygmentize
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

LONGEST = 20_000  # characters; some lexers are slow on what is no code at all
formatter = HtmlFormatter(nowrap=True)


def highlight(code: str, language: str, attributes: str) -> str:
    """The block's inner HTML; a language that nobody knows stays plain. Called by markdown-it."""
    if not language or len(code) > LONGEST:
        return str(escape(code))
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        return str(escape(code))
    return str(pygmentize(code, lexer, formatter))
