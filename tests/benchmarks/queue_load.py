"""Annotators in closed loop over the API: next and submit, without a pause and with one. See docs/benchmarks.md.

Where LABEL_STUDIO_VENV names a virtual environment with Label Studio, it is measured beside: slices of both take turns.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks import label_studio
from tests.benchmarks.slices import Site, measured
from tests.load import installation
from tests.load.http import Client, Refused

if TYPE_CHECKING:
    from annotation.models import Project

BESIDE_UP_TO = 32
"""Clients for which Label Studio is measured too: with more its answers take longer than a slice."""


@dataclass(frozen=True)
class Ours:
    """A running server and a project whose annotators have these tokens."""

    project: "Project"
    tokens: Sequence[str]
    port: int
    pid: int
    name: str = "PrefLoop"

    def kept(self) -> int:
        return self.project.judgements.count()

    def loop(self, users: int, **options: Any) -> Any:
        """One run of ../shared/bench/load.py over our API; `options` are those of its `run_closed_loop`."""
        load, corpus = installation.shared("load"), installation.shared("corpus")
        clients = [Client(self.port, token) for token in self.tokens[:users]]

        async def next_task(user: int) -> Any:
            try:
                given = await clients[user].ask("POST", f"/api/v1/projects/{self.project.slug}/next/")
            except Refused as refused:
                raise load.HttpError(refused.status, str(refused)) from refused
            return None if given is None else load.Assignment(given["task"]["id"], given)

        async def submit(user: int, assignment: Any) -> Any:
            given = assignment.payload
            order = corpus.ranking(user, given["task"]["id"])
            ids = dict(zip(corpus.RESPONSE_IDS, (sample["id"] for sample in given["task"]["samples"]), strict=True))
            path = f"/api/v1/assignments/{given['assignment']}/judgement/"
            try:
                done = await clients[user].ask(
                    "PUT", path, {"ranking": [[ids[letter]] for letter in order], "seconds": 1}
                )
            except Refused as refused:
                raise load.HttpError(refused.status, str(refused)) from refused
            return done["id"]

        async def run() -> Any:
            try:
                return await load.run_closed_loop(users, next_task, submit, per_item=self.project.overlap, **options)
            finally:
                for client in clients:
                    client.close()

        return asyncio.run(run())


@contextmanager
def ours(folder: Path, users: int, tasks: int, slug: str) -> Iterator[Ours]:
    """A fresh project of `tasks` tasks and a fresh server for each run."""
    project = installation.project(slug)
    installation.ranking_tasks(project, tasks)
    tokens = [token for _, token in installation.people(project, users, prefix=slug)]
    installation.settled()
    with installation.web(folder) as web:
        yield Ours(project, tokens, web.port, web.pid)


def line(run: dict[str, Any]) -> str:
    latency = run["request_ms"]
    cpu = " + ".join(str(run["cpu_ms_a_request"][name]) for name in ("web", "postgres", "client"))
    cells = [run["site"], run["users"], run["pause"], run["requests_per_s"], latency["p50"], latency["p95"],
             latency["p99"], run["next_ms"]["p95"], run["submit_ms"]["p95"], sum(run["failures"].values()),
             run["items_answered_more_than_needed"], cpu, run["load_1min"]]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


HEAD = """| | annotators | pause | requests/s | p50 ms | p95 ms | p99 ms | next p95 | submit p95 | failures | \
answered twice | CPU ms a request: web + PostgreSQL + client | load |
|---|---|---|---|---|---|---|---|---|---|---|---|---|"""


def ratio(runs: Sequence[dict[str, Any]], users: int) -> float | None:
    """Our requests a second over theirs."""
    rates = {run["site"]: run["requests_per_s"] for run in runs if run["users"] == users and run["pause"] == "none"}
    theirs = rates.get(label_studio.NAME)
    return round(rates["PrefLoop"] / theirs, 2) if theirs else None


def all_runs(given: argparse.Namespace, folder: Path) -> Iterator[dict[str, Any]]:
    beside = [users for users in given.clients if users <= BESIDE_UP_TO]
    with label_studio.running(folder, users=max(beside, default=1), tasks=given.tasks) as theirs:
        for users in beside:
            with ours(folder, users, given.tasks, f"run-{users}") as site:
                sites: list[Site] = [site, theirs] if theirs else [site]
                yield from measured(sites, folder, users, given.seconds, slices=given.slices if theirs else 1)
    for users in sorted(set(given.clients) - set(beside)):
        with ours(folder, users, given.tasks, f"run-{users}") as site:
            yield from measured([site], folder, users, given.seconds)
    if given.pausing:
        with ours(folder, given.pausing, given.tasks, "pausing") as site:
            yield from measured([site], folder, given.pausing, max(given.seconds, given.longer), think=(5.0, 15.0))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.queue_load")
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=25.0, help="measured for each site and number of clients")
    parser.add_argument("--slices", type=int, default=2, help="into how many turns these are cut beside Label Studio")
    parser.add_argument("--clients", type=int, nargs="*", default=[1, 8, 32, 128])
    parser.add_argument("--pausing", type=int, default=200, help="annotators who pause 5 to 15 s; 0: leave it out")
    parser.add_argument("--longer", type=float, default=60.0, help="seconds for those who pause, at least")
    given = parser.parse_args(arguments)
    runs: list[dict[str, Any]] = []
    with installation.database() as folder:
        for run in all_runs(given, folder):
            runs.append(run)
            print(line(run), flush=True)
    print("\n".join([HEAD, *map(line, runs)]))
    ratios = {users: found for users in given.clients if (found := ratio(runs, users))}
    for users, found in ratios.items():
        print(f"{users} clients: {found} times the requests/s of {label_studio.NAME}.")
    machine = installation.shared("machine").describe()
    print(json.dumps({"machine": machine, "load": os.getloadavg(), "ratios": ratios, "runs": runs}))


if __name__ == "__main__":
    main()
