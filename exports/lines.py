"""Rows → JSON lines."""

import orjson

from exports.formats import Row

# Valid within JSON as they are, but `str.splitlines` and its kin break lines at them.
LINE_BREAKS = ("\u0085", "\u2028", "\u2029")
ESCAPES = [(sign.encode(), f"\\u{ord(sign):04x}".encode()) for sign in LINE_BREAKS]


def line(row: Row) -> bytes:
    """`row` as one line of JSON in UTF-8, with its newline and no other line break of any kind."""
    return escaped(dump(row))


def dump(row: Row) -> bytes:
    """The same before `escaped`, which is quicker for many lines at once."""
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def has_breaks(text: str) -> bool:
    """Whether `text` holds any of them; quick, where it is Latin or has none."""
    return "\u0085" in text or "\u2028" in text or "\u2029" in text


def escaped(lines: bytes) -> bytes:
    """Lines of JSON with none but their own line breaks: within JSON, these signs stand in strings only."""
    for sign, escape in ESCAPES:
        if sign in lines:
            lines = lines.replace(sign, escape)
    return lines
