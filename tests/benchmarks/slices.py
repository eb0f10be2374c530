"""Sites that take turns under the same load, so that the noise of the machine hits each of them alike."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from tests.load import installation

WARM_UP_S = 3.0


class Site(Protocol):
    """A server with its annotators and tasks."""

    @property
    def name(self) -> str: ...
    @property
    def pid(self) -> int:
        """Of the web server's first process."""

    def kept(self) -> int:
        """Judgements that are in the database."""

    def loop(self, users: int, **options: Any) -> Any:
        """`run_closed_loop` of ../shared/bench/load.py: its `LoadResult`."""


def measured(
    sites: Sequence[Site],
    folder: Path,
    users: int,
    seconds: float,
    think: tuple[float, float] = (0.0, 0.0),
    slices: int = 1,
) -> list[dict[str, Any]]:
    """For each site a summary over its slices, `seconds` long in all. Ends the program where a submission was lost."""
    before = [site.kept() for site in sites]
    turns: list[list[tuple[Any, dict[str, Any]]]] = [[] for _ in sites]
    for number in range(slices):
        for site, taken in zip(sites, turns, strict=True):
            options = {"seconds": seconds / slices, "warmup": WARM_UP_S / slices, "think": think, "seed": number}
            taken.append(_turn(site, folder, users, options))
    found = []
    for site, taken, already in zip(sites, turns, before, strict=True):
        run = _joined(taken)
        _nothing_lost(site, run["acked_submissions"], site.kept() - already)
        found.append({"site": site.name, "pause": f"{think[0]:g} to {think[1]:g} s" if think[1] else "none", **run})
    return found


def _turn(site: Site, folder: Path, users: int, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    trees = {"postgres": installation.postgres_pid(folder), "web": site.pid}
    with installation.shared("machine").Watch(trees) as watch:
        result = site.loop(users, **options)
    return result, watch.report


def _nothing_lost(site: Site, acknowledged: int, kept: int) -> None:
    if acknowledged != kept:
        raise SystemExit(f"{site.name} acknowledged {acknowledged} submissions and {kept} are in the database.")


def _joined(taken: Sequence[tuple[Any, dict[str, Any]]]) -> dict[str, Any]:
    whole, *others = [result for result, _ in taken]
    for result in others:
        _add(whole, result)
    summary = dict(whole.summary())
    reports = [report for _, report in taken]
    requests = 2 * summary["acked_submissions"] or 1
    each = {name: round(sum(_cpu_ms(report, name) for report in reports) / requests, 2)
            for name in ("web", "postgres", "client")}  # fmt: skip
    return {**summary, "cpu_ms_a_request": each, "turns": reports, "load_1min": round(os.getloadavg()[0], 2)}


def _cpu_ms(report: dict[str, Any], name: str) -> float:
    share = float(report["cpu_percent_of_all_cores"][name])
    return share / 100 * float(report["wall_s"]) * (os.cpu_count() or 1) * 1000


def _add(whole: Any, result: Any) -> None:
    """One `LoadResult` more into `whole`; both are of one site, one after the other."""
    for name in ("seconds", "requests_done", "loops_done", "starved"):
        setattr(whole, name, getattr(whole, name) + getattr(result, name))
    for name in ("next_latency", "submit_latency", "receipts"):
        getattr(whole, name).extend(getattr(result, name))
    whole.failures.update(result.failures)
    for name in ("handed", "concurrent", "after_done", "again_same_user"):
        setattr(whole.ledger, name, getattr(whole.ledger, name) + getattr(result.ledger, name))
    for key, users in result.ledger.done.items():
        whole.ledger.done.setdefault(key, []).extend(users)
