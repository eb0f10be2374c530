"""Trains one reward model in a process of its own: `… -m workers.reward.train RUN_DIR`, mostly under accelerate.

See `run_dir` for what it reads and writes, `launch` for starting it. The same command again goes on from the last
checkpoint and ends in the same weights and figures; a finished run returns at once. Exit codes:

    0     finished: metrics.json is there
    2     refused: the last line of progress.jsonl has the reason, for a person
    75    another trainer is at work in the same folder
    143   stopped by SIGTERM with its checkpoint written, or its owner died

The launcher turns every code but 0 into 1: ask `RunDir(...).outcome()` instead.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from workers.reward import guard
from workers.reward.config import TrainConfig, TrainingRefused
from workers.reward.data import Groups
from workers.reward.run_dir import RunDir, RunDirBusy

FINISHED, REFUSED, BUSY = 0, 2, 75
LOOKED_AT = 1000  # groups that are searched for what a loss needs
LOCK_PATIENCE_S = 30.0  # an earlier trainer that was told to stop may still be writing its checkpoint


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: see the module."""
    parser = argparse.ArgumentParser(prog="python -m workers.reward.train")
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("--watch-stdin", action="store_true", help="end when standard input ends")
    given = parser.parse_args(arguments)
    stop = guard.StopSignal()
    guard.die_with_parent()
    if given.watch_stdin:
        guard.die_at_end_of_stdin()
    return train_in(RunDir(given.run_dir), stop)


def train_in(run: RunDir, asked_to_stop: Callable[[], bool]) -> int:
    """Runs or resumes the training in `run`; the exit code."""
    if run.metrics.exists():
        return FINISHED
    try:
        with run.locked(LOCK_PATIENCE_S) if _is_first() else nullcontext():
            return _train(run, asked_to_stop)
    except RunDirBusy as error:
        print(error, file=sys.stderr)
        return BUSY
    except TrainingRefused as refusal:
        if _is_first():
            run.report("refused", reason=refusal.sentence.english, sentence=refusal.sentence.as_json())
        else:
            _wait_for_the_reason(run)
        return REFUSED


def _is_first() -> bool:
    """Of several processes under accelerate the first speaks, and holds the lock, for all."""
    return os.environ.get("RANK", "0") == "0"


def _wait_for_the_reason(run: RunDir) -> None:
    """The launcher ends all processes as soon as one is gone: the first has to have spoken by then."""
    until = time.monotonic() + LOCK_PATIENCE_S
    while run.outcome() != "refused" and time.monotonic() < until:
        time.sleep(0.05)


def _train(run: RunDir, asked_to_stop: Callable[[], bool]) -> int:
    config = read_config(run)
    groups = read_groups(run)
    check_target(config, groups)
    from workers.reward import session  # loads torch, which a refusal should not wait for

    return FINISHED if session.train(run, config, groups, asked_to_stop) else guard.STOPPED


def read_config(run: RunDir) -> TrainConfig:
    try:
        return TrainConfig.from_json(run.config.read_text())
    except (OSError, ValueError, TypeError) as error:
        raise TrainingRefused("The training configuration cannot be read: %(why)s", why=error) from error


def read_groups(run: RunDir) -> Groups:
    """Raises TrainingRefused where nothing can be learned from the comparisons."""
    try:
        groups = Groups(run.groups)
    except (OSError, ValueError) as error:
        raise TrainingRefused("The comparisons cannot be read: %(why)s", why=error) from error
    if not any(len(groups.rows(split)) for split in ("train", "validation", "test")):
        raise TrainingRefused("There are no comparisons to learn from: people have to rank answers first.")
    if _is_single(groups.column("family")):
        raise TrainingRefused(
            "All comparisons belong to one prompt family, so nothing can be held out to measure the model: "
            "answers to more prompts have to be ranked."
        )
    if not len(groups.rows("train")):
        raise TrainingRefused("No comparison is in the training part: more prompts have to be ranked.")
    if not any(p != 0.5 for row in groups.rows("train") for p in groups[int(row)].probability):
        raise TrainingRefused("All comparisons to learn from are ties: nobody preferred an answer to another.")
    return groups


def check_target(config: TrainConfig, groups: Groups) -> None:
    """Raises TrainingRefused where the data lack what the configured loss is about."""
    learned = [groups[int(row)] for row in groups.rows("train")[:LOOKED_AT]]
    if config.loss == "listwise" and not any(group.ranks for group in learned):
        raise TrainingRefused("The listwise loss needs people's whole orders, and there are only pairs: use pairs.")
    if config.target == "cost" and not any(share == share for group in learned for share in group.unsafe):
        raise TrainingRefused(
            "A cost model needs answers that people called unsafe or safe: the project has to ask for categories of "
            "harm, or for a flag that is named unsafe."
        )


def _is_single(values: object) -> bool:
    stream = iter(values)  # type: ignore[call-overload]
    first = next(stream, None)
    return all(value == first for value in stream)


if __name__ == "__main__":
    sys.exit(main())
