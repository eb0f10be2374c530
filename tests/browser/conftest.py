"""A real Chromium against a real server. Where no Chromium is found the tests say loudly how to get one."""

import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from annotation.models import Person
from tests.conftest import PASSWORD
from tests.translated import compile_once

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO = "NO CHROMIUM FOUND: this browser test did NOT run. Try `apt install chromium` or `brew install chromium`."

EXPECTED = re.compile(
    r"status of (403|404|409|422|429|502|503)|ERR_(INTERNET_DISCONNECTED|FAILED)|^htmx:|^Response Status"
)

# Playwright's loop runs in this thread; the tests' own database calls are plain and in order.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

expect.set_options(timeout=15_000)  # a busy machine is slow, not wrong

Open = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", autouse=True)
def translations() -> None:
    compile_once()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(HOW_TO)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Browser, live_server: object) -> Iterator[Open]:
    """`visit(person, path, width=…)`: a page in a browser of its own, signed in unless it is the sign-in page.

    Any error of a script, and any dialog, fails the test.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(person: Person | None, path: str = "/", width: int = 1440, **options: object) -> Page:
        options = {"viewport": {"width": width, "height": 900}, "locale": "en-GB", **options}
        contexts.append(browser.new_context(base_url=str(live_server), **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if is_error(said.text, said.type) else None)
        page.on("dialog", lambda dialog: errors.append(f"a dialog opened: {dialog.message}"))
        if person and not path.startswith("/accounts/"):
            contexts[-1].add_cookies([session_of(person, str(live_server))])
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    let_the_server_finish()
    cache.clear()
    assert not errors


def let_the_server_finish(seconds: float = 10.0) -> None:
    """What a page sent as it closed is still being answered: emptying the database meanwhile would be a deadlock."""
    ends = time.monotonic() + seconds
    while any("process_request_thread" in thread.name for thread in threading.enumerate()) and time.monotonic() < ends:
        time.sleep(0.02)


def is_error(text: str, kind: str) -> bool:
    """Refusals (422) and lost networks are what some tests are about: Chromium and htmx note them as errors too."""
    return kind == "error" and not EXPECTED.search(text)


def session_of(person: Person, url: str) -> dict[str, str]:
    """What the browser would hold after signing in, without the time that takes."""
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}


def sign_in(page: Page, username: str) -> None:
    """As a person does it, on the sign-in page that they are on."""
    page.fill("[name=login]", username)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
