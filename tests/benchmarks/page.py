"""The ranking page in Chromium on loopback: bytes, and milliseconds from a submit until the next task is painted.

Bytes are what crossed the wire (headers and compression included), counted by Chromium over its DevTools protocol.
Server time is from a request's start to the first byte of its answer, as Chromium's resource timing has it.
"""

import argparse
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.load import installation

# From the key that submits to the frame after the next task was put in.
WATCH = """
window.shownAfter = [];
let submitted = null;
addEventListener("keydown", (event) => { if (event.key === "Enter") submitted = performance.now(); }, true);
addEventListener("desk:shown", () => requestAnimationFrame(() => {
  const painted = new MessageChannel();
  painted.port1.onmessage = () => {
    if (submitted !== null) window.shownAfter.push(performance.now() - submitted);
    submitted = null;
  };
  painted.port2.postMessage(null);
}), true);
performance.setResourceTimingBufferSize(100000);
"""
TIMES = """() => performance.getEntriesByType("resource").filter((e) => e.responseStart > 0)
  .map((e) => [new URL(e.name).pathname, e.responseStart - e.requestStart])"""


class Wire:
    """Every request of a page: its path and the bytes that came over the wire for it."""

    def __init__(self, page: Page):
        self.paths: dict[str, str] = {}
        self.sizes: list[tuple[str, float]] = []
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _sent(self, event: dict[str, Any]) -> None:
        self.paths[event["requestId"]] = re.sub("^https?://[^/]+", "", event["request"]["url"])

    def _finished(self, event: dict[str, Any]) -> None:
        self.sizes.append((self.paths.get(event["requestId"], "?"), event["encodedDataLength"]))

    def taken(self) -> list[tuple[str, float]]:
        """What came since the last time."""
        found, self.sizes = self.sizes, []
        return found


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def in_short(values: Sequence[float]) -> dict[str, float]:
    return {"n": len(values), "p50": round(median(values), 1), "p95": round(percentile(values, 0.95), 1),
            "max": round(max(values), 1)}  # fmt: skip


@contextmanager
def chromium(url: str, person: Any) -> Iterator[Page]:
    """A page of a fresh profile, signed in."""
    from tests.browser.conftest import NAMES, session_of

    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise SystemExit("No Chromium was found.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900}, locale="en-GB")
        context.add_cookies([session_of(person, url)])
        page = context.new_page()
        page.add_init_script(WATCH)
        yield page
        browser.close()


def judge(page: Page, digits: str) -> None:
    """One task, by keys; returns when the next one is painted."""
    before = page.evaluate("window.shownAfter.length")
    for digit in digits:
        page.keyboard.press(digit)
    page.keyboard.press("Enter")
    page.wait_for_function("before => window.shownAfter.length > before", arg=before)


def work(page: Page, tasks: int, pause_ms: int) -> dict[str, Any]:
    """Judges `tasks` tasks with a pause before each; answers their times and the bytes that each one took."""
    wire = Wire(page)
    page.goto("/p/ranked/work/")
    page.wait_for_load_state("networkidle")
    first = wire.taken()
    weights = []
    for number in range(tasks):
        page.wait_for_timeout(pause_ms)
        judge(page, "1234" if number % 2 else "2143")
        weights.append(sum(size for _, size in wire.taken()))
    page.wait_for_timeout(1000)
    own = [(path, size) for path, size in first if "/work/ahead/" not in path]
    return {
        "first_load_bytes": sum(size for _, size in own),
        "first_load_requests": len(own),
        "largest": sorted(own, key=lambda each: -each[1])[:5],
        "later_task_bytes": in_short(weights),
        "shown_ms": in_short(page.evaluate("window.shownAfter")),
        "server_ms": _by_call(page.evaluate(TIMES)),
    }


def _by_call(times: list[list[Any]]) -> dict[str, dict[str, float]]:
    calls: dict[str, list[float]] = {}
    for path, spent in times:
        if name := re.search("/(ahead|submit|draft)/$", path):
            calls.setdefault(name[1], []).append(spent)
    return {name: in_short(spent) for name, spent in sorted(calls.items())}


def measured(tasks: int, pause_ms: int) -> dict[str, Any]:
    from django.core.management import call_command

    with installation.database() as folder:
        call_command("collectstatic", interactive=False, verbosity=0)
        project = installation.project("ranked", guideline="# Rank\n\nThe most helpful answer first.")
        installation.ranking_tasks(project, max(1000, 3 * tasks))
        ((person, _),) = installation.people(project, 1)
        installation.settled()
        with installation.web(folder) as web, chromium(web.url, person) as page:
            runs = {}
            for name, pause in (("warm-up", 0), ("with a pause", pause_ms), ("without a pause", 0)):
                runs[name] = work(page, tasks if name != "warm-up" else 10, pause)
                page.context.clear_cookies(name="layout")
            return runs


def report(runs: dict[str, Any]) -> str:
    first = runs["warm-up"]
    lines = [
        f"first load: {first['first_load_bytes'] / 1000:.1f} kB in {first['first_load_requests']} requests",
        "| | tasks | later task, kB (p50 / p95) | shown, ms (p50 / p95 / max) | submit p95 ms | ahead p95 ms |",
        "|---|---|---|---|---|---|",
    ]
    for name in ("with a pause", "without a pause"):
        run = runs[name]
        bytes_, shown, server = run["later_task_bytes"], run["shown_ms"], run["server_ms"]
        lines.append(
            f"| {name} | {shown['n']} | {bytes_['p50'] / 1000:.1f} / {bytes_['p95'] / 1000:.1f} "
            f"| {shown['p50']} / {shown['p95']} / {shown['max']} "
            f"| {server['submit']['p95']} | {server['ahead']['p95']} |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.page")
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--pause-ms", type=int, default=1000, help="before each task, of an annotator who is quick")
    given = parser.parse_args(arguments)
    runs = measured(given.tasks, given.pause_ms)
    print(report(runs))
    print(json.dumps({"runs": runs, "load_1min": round(os.getloadavg()[0], 2)}))


if __name__ == "__main__":
    main()
