"""Annotators in closed loop over the API: next and submit, without a pause and with one. See docs/benchmarks.md."""

import argparse
import asyncio
import json
from collections.abc import Sequence
from typing import Any

from tests.load import installation
from tests.load.http import Client, Refused


def loop(port: int, slug: str, tokens: Sequence[str], **options: Any) -> dict[str, Any]:
    """One run of ../shared/bench/load.py over our API; `options` are those of its `run_closed_loop`."""
    load, corpus = installation.shared("load"), installation.shared("corpus")
    clients = [Client(port, token) for token in tokens]

    async def next_task(user: int) -> Any:
        try:
            given = await clients[user].ask("POST", f"/api/v1/projects/{slug}/next/")
        except Refused as refused:
            raise load.HttpError(refused.status, str(refused)) from refused
        return None if given is None else load.Assignment(given["task"]["id"], given)

    async def submit(user: int, assignment: Any) -> Any:
        given = assignment.payload
        order = corpus.ranking(user, given["task"]["id"])
        ids = dict(zip(corpus.RESPONSE_IDS, (sample["id"] for sample in given["task"]["samples"]), strict=True))
        path = f"/api/v1/assignments/{given['assignment']}/judgement/"
        try:
            done = await clients[user].ask("PUT", path, {"ranking": [[ids[letter]] for letter in order], "seconds": 1})
        except Refused as refused:
            raise load.HttpError(refused.status, str(refused)) from refused
        return done["id"]

    async def run() -> Any:
        try:
            return await load.run_closed_loop(len(tokens), next_task, submit, **options)
        finally:
            for client in clients:
                client.close()

    return dict(asyncio.run(run()).summary())


def measured(folder: Any, users: int, tasks: int, seconds: float, think: tuple[float, float]) -> dict[str, Any]:
    """A fresh project of `tasks` tasks and a fresh server for each run."""
    import os

    machine = installation.shared("machine")
    slug = f"run-{users}-{int(think[1])}"
    project = installation.project(slug)
    installation.ranking_tasks(project, tasks)
    tokens = [token for _, token in installation.people(project, users, prefix=slug)]
    installation.settled()
    trees = {"postgres": installation.postgres_pid(folder)}
    with installation.web(folder) as web, machine.Watch({**trees, "web": web.pid}) as watch:
        summary = loop(web.port, slug, tokens, seconds=seconds, think=think)
    acknowledged, kept = summary["acked_submissions"], project.judgements.count()
    if acknowledged != kept:
        raise SystemExit(f"{acknowledged} submissions were acknowledged and {kept} are in the database.")
    shares, wall = watch.report["cpu_percent_of_all_cores"], watch.report["wall_s"]
    each = {name: round(share / 100 * wall * (os.cpu_count() or 1) * 1000 / (2 * kept or 1), 2)
            for name, share in shares.items() if name in {"web", "postgres", "client"}}  # fmt: skip
    return {**summary, "machine": watch.report, "cpu_ms_a_request": each, "load_1min": round(os.getloadavg()[0], 2)}


def line(run: dict[str, Any], pause: str) -> str:
    latency = run["request_ms"]
    cells = [run["users"], pause, run["requests_per_s"], latency["p50"], latency["p95"], latency["p99"],
             run["next_ms"]["p95"], run["submit_ms"]["p95"], sum(run["failures"].values())]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


HEAD = """| annotators | pause | requests/s | p50 ms | p95 ms | p99 ms | next p95 | submit p95 | failures |
|---|---|---|---|---|---|---|---|---|"""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.queue_load")
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--clients", type=int, nargs="*", default=[1, 8, 32, 128])
    parser.add_argument("--pausing", type=int, default=200, help="annotators who pause 5 to 15 s; 0: leave it out")
    given = parser.parse_args(arguments)
    runs: list[tuple[str, dict[str, Any]]] = []
    with installation.database() as folder:
        for users in given.clients:
            runs.append(("none", measured(folder, users, given.tasks, given.seconds, (0.0, 0.0))))
            print(line(runs[-1][1], "none"), flush=True)
        if given.pausing:
            longer = max(given.seconds, 60.0)
            runs.append(("5 to 15 s", measured(folder, given.pausing, given.tasks, longer, (5.0, 15.0))))
    print("\n".join([HEAD, *(line(run, pause) for pause, run in runs)]))
    print(json.dumps({"machine": installation.shared("machine").describe(), "runs": [run for _, run in runs]}))


if __name__ == "__main__":
    main()
