"""What is to be translated, from our templates and modules: `python -m webapp.catalogue` brings each .po up to date.

Babel reads Python; Django's templatize turns a template into text that Babel reads in the same way. Compiling is
supervisor/translations.py's.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("annotation", "exports", "webapp", "workers")
LOCALE = ROOT / "webapp" / "locale"
# What workers say and pages show later: workers/sentences.py.
SAID = (
    *("Sentence", "log", "Refused", "TrainingRefused", "BackendRefused", "BackendUnavailable", "Overloaded"),
    *("NotAllowed", "Damaged"),
)
KEYWORDS: dict[str, Any] = {
    **DEFAULT_KEYWORDS,
    "gettext_noop": None,
    "_n": (1, 2),
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    **dict.fromkeys(SAID, None),
    "progress": None,
}

Found = tuple[str | tuple[str, ...], str, str | None]  # message id (singular, plural), file:line, context


def found() -> Iterator[Found]:
    """Every message of ours with the place that says it."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in {".py", ".html", ".txt"} and "migrations" not in path.parts:
                yield from _of_file(path)


def _of_file(path: Path) -> Iterator[Found]:
    source = path.read_text("utf-8")
    if path.suffix != ".py":
        # Babel's tokenizer minds indentation, of which a template has its own.
        source = "\n".join(line.strip() for line in templatize(source).splitlines())
    for line, function, messages, _ in extract_python(BytesIO(source.encode()), KEYWORDS, [], {}):
        if message := _understood(str(function), messages):
            yield message[0], f"{path.relative_to(ROOT)}:{line}", message[1]


def _understood(function: str, messages: Any) -> tuple[str | tuple[str, ...], str | None] | None:
    """The message id and the context that a call names, or None where it names no literal text."""
    texts = list(messages) if isinstance(messages, list | tuple) else [messages]
    if function.startswith("pgettext"):
        return (texts[1], texts[0]) if texts[1] else None
    if function in {"ngettext", "ngettext_lazy", "_n", "ungettext"}:
        return ((texts[0], texts[1]), None) if texts[0] else None
    if function == "progress":  # of a job: done, total, and what it is at
        texts = texts[2:3] or [None]
    return (texts[0], None) if texts[0] else None


def template() -> Catalog:
    """All messages, untranslated."""
    catalogue = Catalog(project="PrefLoop", charset="utf-8")
    for message, place, context in found():
        name, line = place.rsplit(":", 1)
        catalogue.add(message, locations=[(name, int(line))], context=context)
    return catalogue


def update(po: Path) -> Catalog:
    """Bring a catalogue up to date in place: what is new comes in untranslated, what is gone goes."""
    with po.open("rb") as file:
        catalogue: Catalog = read_po(file, locale=po.parents[1].name)
    catalogue.update(template(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    with po.open("wb") as file:
        write_po(file, catalogue, width=110, include_lineno=False, sort_output=False)
    return catalogue


if __name__ == "__main__":
    for source in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        missing = [message.id for message in update(source) if message.id and not message.string]
        print(f"{source.relative_to(ROOT)}: {len(missing)} to translate")
