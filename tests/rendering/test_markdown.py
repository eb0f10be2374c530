"""If one of these fails, a model's answer can run script in an annotator's session, or break the page around it."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from webapp.rendering.markdown import render
from webapp.rendering.plain import neutralise

SAFE_SCHEMES = ("http://", "https://", "mailto:")
LOADS_OR_RUNS = {
    *("script", "style", "link", "meta", "base", "iframe", "object", "embed", "img", "image", "video", "audio"),
    *("form", "input", "button", "svg", "use", "foreignobject", "annotation-xml", "mglyph", "template", "noscript"),
}
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&#58;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    '![x" onload="alert(1)](http://a.example/b.png)',
    '```"><img src=x onerror=alert(1)>\ncode\n```',
    "$\\text{<script>alert(1)</script>}$",
    "$\\href{javascript:alert(1)}{x}$",
    '$$\n\\text{<table><mglyph><style><!--</style><img title="--&gt;<img src=1 onerror=alert(1)>">}\n$$',
    "\\(<img src=x onerror=alert(1)>\\)",
    "a\n\\[\n<img src=x onerror=alert(1)>\\text{<script>alert(1)</script>}\n\\]",
    "[a]: javascript:alert(1)\n\n[a]",
    '[x](http://a.example "\\" onmouseover=alert(1)")',
]


class Inspector(HTMLParser):
    """Notes every element and attribute as a browser would find them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]


def assert_harmless(html: str) -> None:
    found = Inspector()
    found.feed(html)
    assert not found.tags & LOADS_OR_RUNS
    for _, name, value in found.attributes:
        assert not name.startswith("on")
        assert name not in {"style", "src", "srcset", "id", "name"}
        if name == "href":
            assert str(value).startswith(SAFE_SCHEMES)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_not_run(text: str) -> None:
    assert_harmless(render(text))


PIECES = st.sampled_from(
    [*HOSTILE, "$", "$$", "`", "```", "<", ">", "|", "\n", "\n\n", "[", "](", ")", "*", "\\", "&lt;"]
)


@settings(max_examples=150)
@given(st.lists(PIECES | st.text(max_size=12), max_size=12).map("".join))
@example("\ud800 <img src=x onerror=alert(1)>")
def test_no_mixture_of_markup_gets_through(text: str) -> None:
    html = render(text)
    html.encode()
    assert "\0" not in html
    assert_harmless(html)


def test_what_people_write_is_rendered() -> None:
    html = render("# Title\n\n**bold** `code` ~~no~~\n\n| a |\n|---|\n| 1 |\n\n- x\n\n```python\ndef f(): pass\n```", 2)
    for expected in (
        "<h2>Title</h2>",
        "<strong>bold</strong>",
        "<code>code</code>",
        "<td>1</td>",
        '<span class="nf">f',
    ):
        assert expected in html


def test_formulas_become_mathml_and_prices_stay_prices() -> None:
    html = render("$a < b$ and \\(x^2\\), between $5 and $10.\n\n$$\\frac{1}{2}$$")
    assert html.count("<math") == 3
    assert "<mo>&lt;</mo>" in html
    assert "$5 and $10" in html
    assert '<code class="tex">\\frac{</code>' in render("$\\frac{$")


@pytest.mark.parametrize(
    "text",
    [
        "The area is:\n\\[\nA = \\pi r^2\n\\]\nwhere r is the radius.",
        "The area is:\n$$\nA = \\pi r^2\n$$\nwhere r is the radius.",
        "1. **Area**: \\[ A = \\pi r^2 \\]\n2. where",
        "so $$A = \\pi r^2$$ where",
    ],
)
def test_formulas_need_no_blank_lines_around_them(text: str) -> None:
    html = render(text)
    assert html.count('<math display="block">') == 1
    assert "π" in html
    assert not set("$[]\\") & set(html)


def test_what_only_looks_like_a_formula_stays_as_it_was_written() -> None:
    assert "[x] $$" in render("\\\\[x] $$")
    assert "\\[" not in render("an open \\[ bracket")
    assert "<math" not in render("`\\[x\\]` and $$ and \\[\\]")


def test_aligned_lines_of_a_formula_are_aligned() -> None:
    html = render("$$\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}$$")
    assert html.count("<mtr>") == 2
    assert "&amp;" not in html


def test_links_leave_safely_and_images_are_not_loaded() -> None:
    html = render("[here](https://a.example/) ![a cat](https://a.example/cat.png) https://b.example")
    for expected in ('href="https://a.example/"', 'target="_blank"', 'rel="noopener nofollow noreferrer"'):
        assert expected in html
    assert ">a cat</a>" in html
    assert 'href="https://b.example"' not in html
    assert "href" not in render("[local](/accounts/logout/)")


def test_a_link_says_where_it_really_leads() -> None:
    html = render('[bank](https://раураl.example/ "https://bank.example") ![b](https://раураl.example/b.png)')
    assert html.count('title="https://xn--') == 2
    assert "bank.example" not in html


def test_a_list_has_its_marks_where_its_text_begins() -> None:
    html = render("Latin first.\n\n- البند الأول\n\n1. الأول\n\n> اقتباس")
    for block in ("ul", "ol", "blockquote"):
        assert f'<{block} dir="auto">' in html


def test_a_text_too_long_to_be_formatted_says_so() -> None:
    assert "too long to be formatted" in render("**word** " * 50_000)


def test_headings_never_rise_above_the_page_around_them() -> None:
    html = render("# One\n\n###### Six", 4)
    assert "<h4>One</h4>" in html
    assert "<h6>Six</h6>" in html


def test_giant_texts_are_folded_and_fast() -> None:
    started = time.monotonic()
    html = render("A" * 200_000)
    assert "<details" in html
    assert "200,000" in html
    for slow in ("[" * 7_900, "**a *b " * 3_000, "> " * 3_900, "|a" * 3_000 + "\n" + "|-" * 3_000, "`a" * 3_900):
        render(slow)
    assert time.monotonic() - started < 10


def test_characters_that_reorder_or_break_a_page_become_visible() -> None:
    assert (
        neutralise("a\x00b\x1b[31m\ud800c\u202etxt.exe\u2066")
        == "a⟨U+0000⟩b⟨U+001B⟩[31m\N{REPLACEMENT CHARACTER}c⟨U+202E⟩txt.exe⟨U+2066⟩"
    )
    assert neutralise("line\r\nnext\rlast\ttab") == "line\nnext\nlast\ttab"
    assert neutralise("שלום\u200f, مرحبا") == "שלום\u200f, مرحبا"
