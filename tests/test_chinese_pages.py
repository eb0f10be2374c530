"""Pages in Chinese say nothing in English, but for names, data and code: what no catalogue knows would be seen here."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django.test import Client

from annotation.models import Assignment, Person, Project
from tests.browser.test_every_page import paths
from tests.chat.conftest import chat, give, models
from tests.translated import compile_once

__all__ = ["chat", "give", "models", "paths"]

pytestmark = pytest.mark.django_db(transaction=True)

CHINESE = {"Accept-Language": "zh-hans"}
ENGLISH = re.compile(r"[A-Za-z][a-z'’]*(?:[ ,;:]+[A-Za-z][a-z'’]*){3,}")  # four words in a row
# What people and models wrote, names, code: `foreign` and `bdi` mark it on every page.
SPARED_TAGS = {"script", "style", "code", "pre", "bdi", "textarea", "blockquote"}
SPARED_CLASSES = {"foreign", "prose"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SAID_IN = {"aria-label", "title", "placeholder", "alt"}
ENGLISH_BY_DESIGN = {"/api/v1/docs/"}  # the document of the API is one for all
OF_A_MANAGER = (
    *("dashboard/", "prompts/", "people/", "quality/", "gold/", "review/", "jobs/", "models/", "models/compare/"),
    *("quality/people/ANNA/", "gold/TASK/", "settings/audit/?action=project.create"),
)
OF_AN_ANNOTATOR = ("", "work/", "mine/", "guideline/", "day/", "qualify/")


class Words(HTMLParser):
    """What a page says, without what is not ours."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[bool] = [False]  # of each open element: whether it is spared
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = set((given.get("class") or "").split())
        spared = self.open[-1] or tag in SPARED_TAGS or bool(classes & SPARED_CLASSES)
        if not spared:
            self.said += [given[name] or "" for name in SAID_IN & given.keys()]
        if tag not in VOID:
            self.open.append(spared)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Of an `<svg>`: opens nothing."""

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and len(self.open) > 1:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open[-1]:
            self.said.append(data)


def english(html: str) -> list[str]:
    """Our sentences that are in English."""
    words = Words()
    words.feed(html)
    assert words.open == [False], "an element is not closed: what comes after it may have been passed over"
    return [" ".join(said.split()) for said in words.said if ENGLISH.search(said)]


def test_what_is_found() -> None:
    found = english(
        '<p title="Somebody forgot this one">很好 <b>and this is one</b><br>PrefLoop 的 API <code>a b c d e</code></p>'
        '<p class="foreign">the words of a person</p>'
    )
    assert found == ["Somebody forgot this one", "and this is one"]


def test_pages_of_a_manager(
    paths: list[str], owner: Person, annotator: Person, project: Project, signed_in: Callable[[Person], Client]
) -> None:
    compile_once()
    client, facts = (
        signed_in(owner),
        {"ANNA": str(annotator.pk), "TASK": str(project.tasks.filter(kind="rank").latest("pk").pk)},
    )
    more = [f"/p/letters/{path}".replace("ANNA", facts["ANNA"]).replace("TASK", facts["TASK"]) for path in OF_A_MANAGER]
    found = {path: _read(client, path) for path in [*paths, *more] if path not in ENGLISH_BY_DESIGN}
    assert {path: said for path, said in found.items() if said} == {}


def test_pages_of_an_annotator(
    project: Project,
    annotator: Person,
    fill: Callable[[int], None],
    chat: Assignment,
    signed_in: Callable[[Person], Client],
) -> None:
    compile_once()
    fill(2)
    wanted = ["/", f"/p/letters/work/{chat.pk}/", *(f"/p/letters/{path}" for path in OF_AN_ANNOTATOR)]
    found = {path: _read(signed_in(annotator), path) for path in wanted}
    assert {path: said for path, said in found.items() if said} == {}


def _read(client: Client, path: str) -> list[str]:
    html = client.get(path, headers=CHINESE, follow=True).content.decode()
    assert '<html lang="zh-hans"' in html
    return english(html)
