"""Nothing that a person reads is left in English for those who read Chinese."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from webapp.catalogue import LOCALE, template

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
