"""What changed between two versions of a text, line by line, and within a line that was rewritten word by word."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from webapp.rendering.plain import neutralise

AROUND = 1  # unchanged lines shown beside a change
ALIKE = 0.4  # ratio from which a line counts as rewritten, not as another one
LONGEST_LINE = 2_000  # characters compared word by word
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|\s+|.")

Pieces = list[tuple[bool, str]]  # (whether the other version lacks it, text)


@dataclass(frozen=True)
class Line:
    """`kind` is `same`, `removed`, `added`, or `gap` for unchanged lines left out."""

    kind: str
    pieces: Pieces


def changes(before: str, after: str) -> list[Line]:
    """The changed lines with some around them; empty where nothing changed."""
    old, new = (neutralise(text).splitlines() for text in (before, after))
    found: list[Line] = []
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND):
        found += [Line("gap", [])] if found else []
        for kind, a, b, c, d in group:
            found += _same(old[a:b]) if kind == "equal" else _changed(old[a:b], new[c:d])
    return found


def _same(lines: Sequence[str]) -> list[Line]:
    return [Line("same", [(False, line)]) for line in lines]


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    """Lines at the same place are compared with each other; what is left over was removed or added whole."""
    for i in range(max(len(old), len(new))):
        removed, added = old[i] if i < len(old) else None, new[i] if i < len(new) else None
        left, right = _words(removed, added) if removed and added else (None, None)
        if removed:
            yield Line("removed", left or [(True, removed)])
        if added:
            yield Line("added", right or [(True, added)])


def _words(removed: str, added: str) -> tuple[Pieces | None, Pieces | None]:
    """Both lines in pieces; None where they have too little in common, or are too long to compare."""
    if max(len(removed), len(added)) > LONGEST_LINE:
        return None, None
    old, new = WORD.findall(removed), WORD.findall(added)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < ALIKE:
        return None, None
    left, right = Pieces(), Pieces()
    for kind, a, b, c, d in matcher.get_opcodes():
        left += [(kind != "equal", "".join(old[a:b]))] if b > a else []
        right += [(kind != "equal", "".join(new[c:d]))] if d > c else []
    return left, right
