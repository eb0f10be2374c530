"""The folder of one run: what lies where, how it is written, and what became of the run.

    config.json      how (config.TrainConfig)       groups.arrow   what from (data.GroupWriter)
    progress.jsonl   an event a line, flushed       checkpoint/    where a killed run goes on
    model/           the finished model             metrics.json   its figures, written last
    lock             held by the living trainer   source.json    what its owner knows of the data, for the card

An event has `phase` (prepare, probe, train, validate, halved, finish, done, stopped, refused) and `time` (seconds since
the epoch), mostly `step` and `total_steps`, and what the phase knows: `loss`, `best`, `reason`, `sentence` (the reason
as workers/sentences.py keeps it), …
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Outcome = Literal["finished", "refused", "stopped", "unfinished"]


class RunDirBusy(RuntimeError):
    """Another trainer holds this run's lock and did not let go in time."""


@dataclass(frozen=True)
class RunDir:
    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def groups(self) -> Path:
        return self.path / "groups.arrow"

    @property
    def progress(self) -> Path:
        return self.path / "progress.jsonl"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint" / "state.pt"

    @property
    def model(self) -> Path:
        return self.path / "model"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.json"

    def source(self) -> dict[str, Any]:
        """What the run's owner says of the data, for the card; nothing where it says nothing."""
        path = self.path / "source.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def report(self, phase: str, **known: Any) -> None:
        """Appends one event; a reader sees whole lines only."""
        line = json.dumps({"phase": phase, "time": round(time.time(), 3), **known}) + "\n"
        with self.progress.open("a", encoding="utf-8") as file:
            file.write(line)

    def events(self) -> list[dict[str, Any]]:
        """The events so far; a line that is still being written is left for the next call."""
        if not self.progress.exists():
            return []
        whole, _, _ = self.progress.read_text(encoding="utf-8").rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def outcome(self) -> Outcome:
        """What became of the run: `unfinished` also where it is under way or was killed."""
        if self.metrics.exists():
            return "finished"
        endings: dict[str, Outcome] = {"refused": "refused", "stopped": "stopped"}
        last = self.events()[-1:]
        return endings.get(last[0]["phase"], "unfinished") if last else "unfinished"

    @contextmanager
    def locked(self, patience_s: float) -> Iterator[None]:
        """Holds the run against a second trainer. Raises RunDirBusy after `patience_s` seconds.

        The kernel lets go when the holder dies, however it dies.
        """
        with (self.path / "lock").open("w") as file:
            until = time.monotonic() + patience_s
            while not _try_lock(file.fileno()):
                if time.monotonic() > until:
                    raise RunDirBusy(f"Another trainer is at work in {self.path.name!r}.")
                time.sleep(0.05)
            yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_whole(path: Path, text: str) -> None:
    """Replaces `path` in one step, so that it never holds half of `text`."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A new folder to fill, which takes the place of `path` when the block ends without an error."""
    part = path.with_name(path.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    yield part
    shutil.rmtree(path, ignore_errors=True)
    os.replace(part, path)
