"""The next task among ten thousand, a million and ten million open ones: promise 3. See docs/benchmarks.md."""

import argparse
import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tests.load import installation

if TYPE_CHECKING:
    from annotation.models import Project

HEAD = """| open tasks | newcomer p50 ms | p95 | p99 | one who has judged | p50 ms | p95 | p99 |
|---|---|---|---|---|---|---|---|"""


def measured(project: "Project", tasks: int, done: int, calls: int) -> dict[str, Any]:
    """`calls` newcomers' first tasks, each a person of their own, in turn with as many of one veteran's next tasks."""
    from tests.load import bulk, timing

    lane = project.lanes.get()
    (veteran, _), *newcomers = installation.people(project, calls + 1, prefix=f"size{tasks}-")
    bulk.has_judged(veteran, lane, done)
    installation.settled()
    for _ in range(10):
        timing.next_task(project, veteran)  # the statements are prepared
    first, later = [], []
    for newcomer, _ in newcomers:
        first.append(timing.next_task(project, newcomer))
        later.append(timing.next_task(project, veteran))
    return {"tasks": tasks, "judged": done, "newcomer": timing.percentiles(first), "veteran": timing.percentiles(later)}


def line(run: dict[str, Any]) -> str:
    new, old = run["newcomer"], run["veteran"]
    cells = [f"{run['tasks']:,}", new["p50"], new["p95"], new["p99"], f"{run['judged']:,}", old["p50"], old["p95"],
             old["p99"]]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.queue_size")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 1_000_000, 10_000_000])
    parser.add_argument("--judged", type=int, default=100_000, help="by the veteran; half of the tasks at most")
    parser.add_argument("--calls", type=int, default=400)
    given = parser.parse_args(arguments)
    runs, already = [], 0
    with installation.database():
        from tests.load import bulk

        project = installation.project("size", overlap=3)
        for size in sorted(given.sizes):
            began = time.monotonic()
            bulk.tasks(project, size - already, already)
            already = size
            print(f"{size:,} tasks after {time.monotonic() - began:.0f} s", flush=True)
            runs.append(measured(project, size, min(given.judged, size // 2), given.calls))
            print(line(runs[-1]), flush=True)
    print("\n".join([HEAD, *map(line, runs)]))
    worst = {who: round(max(run[who]["p50"] for run in runs) / min(run[who]["p50"] for run in runs), 2)
             for who in ("newcomer", "veteran")}  # fmt: skip
    print(f"slowest / fastest p50: newcomer {worst['newcomer']}, veteran {worst['veteran']}")
    print(json.dumps({"machine": installation.shared("machine").describe(), "runs": runs, "worst": worst}))


if __name__ == "__main__":
    main()
