"""Characters that break or reorder a page, made visible instead."""

import re

# C0 and C1 controls but for tab and line ends, lone surrogates, Unicode's non-characters.
UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# Embeddings, overrides and isolates (Trojan Source, CVE-2021-42574). The plain marks (LRM, RLM, ALM) only
# help right-to-left writing and stay.
REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
C0_PICTURES = 0x2400


def neutralise(text: str) -> str:
    """The text with unshowable characters as pictures or U+FFFD and bidirectional controls spelled out: ⟨U+202E⟩."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return REORDERING.sub(_spelled, UNSHOWABLE.sub(_pictured, text))


def _pictured(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(C0_PICTURES + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"


def _spelled(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match[0]):04X}⟩"
