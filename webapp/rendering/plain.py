"""Characters that break or reorder a page, made visible instead."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# C0 and C1 controls but for tab and line ends, lone surrogates, Unicode's non-characters.
UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# Embeddings, overrides and isolates (Trojan Source, CVE-2021-42574). The plain marks (LRM, RLM, ALM) only
# help right-to-left writing and stay.
REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def neutralise(text: str) -> str:
    """The text with control characters and bidirectional overrides spelled out (⟨U+202E⟩), the rest U+FFFD."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return REORDERING.sub(_spelled, UNSHOWABLE.sub(_shown, text))


def showable(name: str) -> None:
    """A validator for names, which stand among others in lists and headings."""
    if UNSHOWABLE.search(name) or REORDERING.search(name):
        raise ValidationError(_("It holds characters that cannot be seen and change how text is read: type it anew."))


def _shown(match: re.Match[str]) -> str:
    return _spelled(match) if ord(match[0]) < 0xA0 else "\N{REPLACEMENT CHARACTER}"


def _spelled(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match[0]):04X}⟩"
