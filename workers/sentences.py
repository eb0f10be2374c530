"""What a worker says to a person: a sentence that everybody reads in their own language, whenever they come to read it.

It is its English words, which are the message's id in the catalogue, and the facts that they name. `str()` says it in
the language of whoever reads just now, which in a worker is English; a row keeps it as JSON beside its English
(`stored`), and a page says it again (`said`). Model code raises it too and knows no Django: apps.py tells what
translates. `catalogue.py` finds the words of `Sentence(…)`, of the errors that are `Spoken`, and of `job.log(…)`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

DEEPEST = 20  # levels of JSON: two for each sentence within a sentence
translate: Callable[[str], str] = str  # apps.py puts Django's gettext here; a process without Django speaks English


class Sentence:
    """`Sentence("No %(thing)s is there.", thing="model")`. A fact is a number, a text, or a sentence or error itself.

    Without facts `words` may be anybody's: they are said as they are where the catalogue does not know them.
    """

    def __init__(self, words: object, /, **facts: object):
        of = _sentence(words)
        self.words: str = of.words if of else str(words)
        self.facts: dict[str, int | str | Sentence] = of.facts if of else {k: _fact(v) for k, v in facts.items()}

    def __str__(self) -> str:
        return self._said(translate)

    def __repr__(self) -> str:
        return f"Sentence({self.english!r})"

    @property
    def english(self) -> str:
        return self._said(str)

    def _said(self, into: Callable[[str], str]) -> str:
        words = into(self.words) if self.words else ""
        if not self.facts:
            return words  # in which a % is no more than that
        return words % {k: v._said(into) if isinstance(v, Sentence) else v for k, v in self.facts.items()}

    def as_json(self) -> dict[str, Any]:
        facts = {k: v.as_json() if isinstance(v, Sentence) else v for k, v in self.facts.items()}
        return {"words": self.words, "facts": facts}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Sentence":
        facts = {k: cls.from_json(v) if isinstance(v, Mapping) else v for k, v in value["facts"].items()}
        return cls(value["words"], **facts)


class Spoken(Exception):
    """An error for a person: `raise Refused("No %(thing)s is there.", thing="model")`."""

    def __init__(self, words: object = "", /, **facts: object):
        self.sentence = Sentence(words, **facts)
        super().__init__(self.sentence)


def _sentence(value: object) -> Sentence | None:
    return value.sentence if isinstance(value, Spoken) else value if isinstance(value, Sentence) else None


def _fact(value: object) -> int | str | Sentence:
    return _sentence(value) or (value if isinstance(value, int) else str(value))


def stored(words: object) -> dict[str, Any]:
    """`error` and `error_words` for the row of whatever went wrong, as PostgreSQL takes them."""
    from annotation.content import storable  # the trainer stores nothing, and has no Django
    from annotation.intake.checking import storable_json

    sentence = Sentence(words)
    return {"error": storable(sentence.english), "error_words": storable_json(sentence.as_json(), DEEPEST)}


def said(text: str, words: Mapping[str, Any] | None) -> str:
    """A stored sentence in the reader's language. Of older rows only the English was kept, and often stays."""
    return str(Sentence.from_json(words) if words else Sentence(text))


def recognised(text: str, among: Iterable[str]) -> Sentence:
    """The sentence that `text` is in English, one with these words; else `text` as it is."""
    for words in among:
        pattern = re.sub(r"%\\\((\w+)\\\)([sd])", _group, re.escape(words))
        if found := re.fullmatch(pattern, text):
            facts = {k: int(v) if f"%({k})d" in words else v for k, v in found.groupdict().items()}
            return Sentence(words, **facts)
    return Sentence(text)


def _group(placeholder: re.Match[str]) -> str:
    return rf"(?P<{placeholder[1]}>{'.+' if placeholder[2] == 's' else '[0-9]+'})"
