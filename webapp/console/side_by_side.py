"""Two rows of a dataset beside each other, field by field, with the words that differ marked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import orjson

WORD = re.compile(r"[^\W\u3040-\u9fff]+|\s+|.", re.DOTALL)  # a sign of Chinese or Japanese is a word
ALIKE = 0.5  # texts whose words share less than this are marked as a whole
FIRST = ("prompt", "messages", "chosen", "rejected", "completion", "responses", "ranks", "label")  # as people read


@dataclass(frozen=True)
class Piece:
    text: str
    differs: bool


@dataclass(frozen=True)
class Field:
    """One column of a row; of a row that has no other beside it, one of the sides is empty."""

    name: str
    before: list[Piece]
    after: list[Piece]

    @property
    def is_same(self) -> bool:
        return self.before == self.after

    @property
    def is_short(self) -> bool:
        """A number, a hash or a word."""
        return max(sum(len(piece.text) for piece in side) for side in (self.before, self.after)) <= 64


def fields(change: dict[str, Any]) -> list[Field]:
    """Of a change `{change, split, before, after}`, the prompt and the answers first."""
    before, after = change.get("before"), change.get("after")
    names = sorted({**(before or {}), **(after or {})}, key=lambda name: (_place(name), name))
    return [_field(name, before, after) for name in names]


def _place(name: str) -> int:
    return FIRST.index(name) if name in FIRST else len(FIRST)


def is_turned(change: dict[str, Any]) -> bool:
    """Whether a pair says the opposite now."""
    before, after = change.get("before"), change.get("after")
    if not before or not after or "chosen" not in before:
        return False
    return (before["chosen"], before.get("rejected")) == (after.get("rejected"), after.get("chosen"))


def _field(name: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Field:
    old, new = ("" if row is None else text_of(row.get(name)) for row in (before, after))
    if before is None or after is None or old == new:
        return Field(name, [Piece(old, False)] if old else [], [Piece(new, False)] if new else [])
    return Field(name, *marked(old, new))


def marked(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces; those that only one of them has are marked."""
    old, new = WORD.findall(before), WORD.findall(after)
    if _likeness(old, new) < ALIKE:
        return [Piece(before, True)] if before else [], [Piece(after, True)] if after else []
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    left = [Piece("".join(old[a:b]), tag != "equal") for tag, a, b, _, _ in steps if b > a]
    right = [Piece("".join(new[a:b]), tag != "equal") for tag, _, _, a, b in steps if b > a]
    return left, right


def _likeness(old: list[str], new: list[str]) -> float:
    """Of the words alone: everything has spaces."""
    left, right = ([word for word in side if not word.isspace()] for side in (old, new))
    return SequenceMatcher(None, left, right, autojunk=False).ratio()


def text_of(value: Any) -> str:
    """A value as somebody reads it: messages as a conversation, texts as they are, all else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(one, (str, dict)) for one in value):
        return "\n".join(_items(value))
    return "–" if value is None else orjson.dumps(value).decode()


def _items(values: list[Any]) -> Iterator[str]:
    for number, value in enumerate(values, 1):
        if isinstance(value, dict) and value.keys() == {"role", "content"}:
            yield f"{value['role']}: {value['content']}"
        elif len(values) == 1:
            yield text_of(value)
        else:
            yield f"{number}. {text_of(value)}"
