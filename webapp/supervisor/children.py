"""Child processes kept alive: one that dies is started again, after a pause that grows while it keeps dying."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from webapp.embedded.processes import last_lines, parent_bound

STEADY_S = 30.0  # alive for so long, a child counts as healthy again
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
STOP_S = 20.0


@dataclass
class Child:
    """One process by name; its output goes to `log`, the one before it is kept as `.1`."""

    name: str
    command: Sequence[str]
    log: Path
    environment: dict[str, str]
    nice: int = 0
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE_S
    due: float = field(default=0.0)

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, preexec_fn=parent_bound(nice=self.nice),
            )  # fmt: skip
        self.started = time.monotonic()

    def ended(self) -> int | None:
        """The exit status once it is over."""
        return self.process.poll() if self.process else None

    def plan_restart(self) -> float:
        """Set when to start again; answers in how many seconds."""
        now = time.monotonic()
        if now - self.started > STEADY_S:
            self.pause = FIRST_PAUSE_S
        pause, self.pause = self.pause, min(2 * self.pause, LONGEST_PAUSE_S)
        self.process, self.due = None, now + pause
        return pause

    def last_words(self) -> str:
        return last_lines(self.log)


def rotate(log: Path) -> Path:
    """Put the last start's log aside."""
    if log.exists():
        os.replace(log, log.with_suffix(".log.1"))
    return log


def watch(
    children: Sequence[Child],
    stopping: Callable[[float], bool],
    say: Callable[[str], None],
    tend: Callable[[], None] = lambda: None,
) -> None:
    """Keep them alive until `stopping(seconds)`, which waits for that long, says so; `tend` is called all the while."""
    while not stopping(0.2):
        tend()
        for child in children:
            _look_after(child, say)


def _look_after(child: Child, say: Callable[[str], None]) -> None:
    status = child.ended()
    if status is not None:
        pause = child.plan_restart()
        say(f"{child.name} ended ({_how(status)}); starting it again in {pause:.1f} s (see {child.log}).")
    elif child.process is None and time.monotonic() >= child.due:
        child.start()


def _how(status: int) -> str:
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"status {status}"


def stop_all(children: Sequence[Child]) -> None:
    """Ask all at once, wait for each, end those that do not listen."""
    running = [child.process for child in children if child.process and child.process.poll() is None]
    for process in running:
        process.terminate()
    ends = time.monotonic() + STOP_S
    for process in running:
        try:
            process.wait(max(0.1, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
