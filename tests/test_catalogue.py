"""Nothing that a person reads is left in English for those who read Chinese."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from webapp.catalogue import LOCALE, PACKAGES, ROOT, SAID, template
from workers.sentences import Spoken

CATALOGUES = sorted(LOCALE.glob("*/LC_MESSAGES/*.po"))
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|%s")


def translations(po: Path) -> dict[tuple[object, object], Message]:
    with po.open("rb") as file:
        return {(message.id, message.context): message for message in read_po(file) if message.id}


@pytest.mark.parametrize("po", CATALOGUES, ids=lambda po: po.parents[1].name)
def test_every_message_is_translated(po: Path) -> None:
    done = translations(po)
    wanted = {(message.id, message.context) for message in template() if message.id}
    untranslated = [key for key in wanted if key not in done or not any(done[key].string) or done[key].fuzzy]
    assert not untranslated, "run `python -m webapp.catalogue` and translate what is empty"
    assert not done.keys() - wanted, "run `python -m webapp.catalogue`: these are said nowhere any more"


@pytest.mark.parametrize("po", CATALOGUES, ids=lambda po: po.parents[1].name)
def test_translations_name_the_same_facts(po: Path) -> None:
    for message in translations(po).values():
        said = message.id[-1] if isinstance(message.id, tuple) else message.id
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        for string in strings:
            assert sorted(PLACEHOLDER.findall(string)) == sorted(PLACEHOLDER.findall(said)), message.id


def test_messages_are_found_in_templates_and_modules() -> None:
    found = {message.id for message in template()}
    assert {"Rank the answers", "Annotator", "Saved: %(order)s"} <= found
    assert ("%(names)s has no rank yet.", "%(names)s have no rank yet.") in found


def test_what_workers_say_can_be_found() -> None:
    """Words with facts pasted into them are in no catalogue: `Refused("No %(thing)s.", thing=…)`, not `f"…"`."""
    pasted = []
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for call in (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in SAID and call.args and _is_pasted(call.args[0]):
                pasted.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert not pasted


def _is_pasted(words: ast.expr) -> bool:
    if isinstance(words, ast.BinOp):  # "…" % facts, "…" + fact
        return isinstance(words.left, ast.Constant) and isinstance(words.left.value, str)
    return isinstance(words, ast.JoinedStr)


def test_every_error_of_a_worker_is_looked_through() -> None:
    assert {each.__name__ for each in _below(Spoken)} <= {*SAID}


def _below(kind: type) -> set[type]:
    return {each for child in kind.__subclasses__() for each in (child, *_below(child))}
