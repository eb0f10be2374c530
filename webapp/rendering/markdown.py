"""Markdown from strangers to safe HTML: no raw HTML, no images, no scripts, one last gate (sanitising.py)."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.texmath import texmath_plugin

from webapp.rendering.highlighting import highlight
from webapp.rendering.mathematics import mathml
from webapp.rendering.plain import neutralise
from webapp.rendering.sanitising import gate

# Beyond these a text is no prose that anybody formatted: it is shown as it is, folded.
LONGEST_TEXT, LONGEST_LINE = 48_000, 8_000
DISPLAYED = {"\\[": "\\]", "$$": "$$"}
LINE_END = re.compile(r"[ \t]*\n")  # a formula on a line of its own ends that line by itself
GLIMPSE = 1_000  # characters shown of a folded text
# Rendering is pure, so that a page of answers seen by many is rendered once a process.
REMEMBERED = 512


def render(text: str, top_heading: int = 3) -> SafeString:
    """Safe HTML of foreign Markdown; its `#` headings become `h{top_heading}` and so on, to fit the page around."""
    text = neutralise(text)
    if len(text) > LONGEST_TEXT or max(map(len, text.split("\n"))) > LONGEST_LINE:
        return folded(text)
    return _render(text, top_heading)


def folded(text: str) -> SafeString:
    """A giant text: its beginning, and all of it on request, as plain text."""
    words = _("Show all %(count)s characters") % {"count": f"{len(text):,}"}
    return format_html(
        '<p class="message">{}</p><div class="plain-text">{}…</div><details class="giant"><summary>{}</summary>'
        '<div class="plain-text" tabindex="0">{}</div></details>',
        _("This text is too long to be formatted: you see it as plain text, with its marks."),
        text[:GLIMPSE],
        words,
        text,
    )


@lru_cache(maxsize=REMEMBERED)
def _render(text: str, top_heading: int) -> SafeString:
    return mark_safe(gate.clean(parser.render(text, {"top_heading": top_heading})))


def shift_headings(state: StateCore) -> None:
    """Foreign headings go below the page's own, so that its outline stays true."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + state.env.get('top_heading', 1) - 1)}"


def link_with_address(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Where a link leads is what it says when pointed at, in plain letters (punycode), whatever its words pretend."""
    tokens[index].attrSet("title", str(tokens[index].attrGet("href") or ""))
    return renderer.renderToken(tokens, index, options, env)


def image_as_link(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Images are never loaded (they would tell their host who reads what): a link with the description instead."""
    source, words = str(tokens[index].attrGet("src") or ""), tokens[index].content
    return f'<a class="image-link" href="{escape(source)}" title="{escape(source)}">{escape(words or source)}</a>'


def scrolling_table(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return '<div class="table-scroll"><table>' if tokens[index].nesting == 1 else "</table></div>"


def display_math(state: StateInline, silent: bool) -> bool:
    """`\\[…\\]` and `$$…$$` within a paragraph or a list: models seldom leave the blank lines that a block asks for."""
    start = state.pos + 2
    closing = DISPLAYED.get(state.src[state.pos : start])
    end = state.src.find(closing, start) if closing else -1
    if end < 0 or not (tex := state.src[start:end].strip()):
        return False
    if not silent:
        state.push("math_display", "math", 0).content = tex
    rest = LINE_END.match(state.src, end + 2)
    state.pos = rest.end() if rest else end + 2
    return True


def build_parser() -> MarkdownIt:
    """CommonMark with tables, strikethrough, `$…$`, `$$…$$`, `\\(…\\)`, `\\[…\\]`; no HTML, no guessed links."""
    parser = MarkdownIt("js-default", {"html": False, "linkify": False, "breaks": True, "maxNesting": 20})
    parser.options["highlight"] = highlight
    texmath_plugin(parser, delimiters="brackets")
    dollarmath_plugin(parser, allow_space=False, allow_digits=False, allow_labels=False, renderer=mathml)
    parser.inline.ruler.before("escape", "math_display", display_math)
    parser.core.ruler.push("shift_headings", shift_headings)
    for name, rule in RULES.items():
        parser.add_render_rule(name, rule)
    return parser


def math_inline(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return mathml(tokens[index].content, {})


def math_block(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return f'<div class="math-block">{mathml(tokens[index].content, {"display_mode": True})}</div>'


def math_displayed(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return f'<span class="math-block">{mathml(tokens[index].content, {"display_mode": True})}</span>'


RULES = {
    "image": image_as_link,
    "link_open": link_with_address,
    "table_open": scrolling_table,
    "table_close": scrolling_table,
    "math_inline": math_inline,
    "math_display": math_displayed,
    "math_block": math_block,
    "math_block_eqno": math_block,
}
parser = build_parser()
