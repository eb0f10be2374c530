"""The last gate: whatever came before it, only these elements, attributes, classes and addresses leave."""

import nh3
from pygments.token import STANDARD_TYPES

TEXT = {
    *("p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "del", "s", "sub", "sup", "a", "span", "div"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
}
MATHS = {
    *("math", "mrow", "mi", "mo", "mn", "mtext", "ms", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup"),
    *("munder", "mover", "munderover", "mmultiscripts", "mprescripts", "mtable", "mtr", "mtd", "mstyle", "mpadded"),
    *("mphantom", "menclose"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    "th": {"align"},
    "td": {"align"},
    "math": {"display"},
    "mo": {"stretchy", "fence", "form", "lspace", "rspace", "minsize", "maxsize", "separator"},
    "mi": {"mathvariant"},
    "mspace": {"width"},
    "mfrac": {"linethickness"},
    "mtable": {"columnalign", "rowspacing"},
    "mtd": {"columnalign"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "menclose": {"notation"},
}
CLASSES = {
    "span": {"math-block", *(name for name in STANDARD_TYPES.values() if name)},
    "div": {"math-block", "table-scroll"},
    "code": {"tex"},
    "a": {"image-link"},
}
# Links leave in a new tab, so that nobody loses a task by following one; lists have their marks where text begins.
ALWAYS = {
    "a": {"target": "_blank", "dir": "auto"},
    **{block: {"dir": "auto"} for block in ("ul", "ol", "table", "blockquote")},
}

gate = nh3.Cleaner(
    tags=TEXT | MATHS,
    attributes=ATTRIBUTES,
    allowed_classes=CLASSES,
    set_tag_attribute_values=ALWAYS,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="noopener nofollow noreferrer",
)
