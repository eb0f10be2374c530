"""Starting and stopping a training from another process, such as a worker."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from workers.reward.config import TrainConfig
from workers.reward.run_dir import Outcome, RunDir, RunDirBusy

ROOT = Path(__file__).resolve().parents[2]


def launch_command(run_dir: Path | str, config: TrainConfig) -> list[str]:
    """The training of `run_dir` under accelerate; every choice explicit, so that no user's defaults creep in.

    To be run from the root of this source tree. `start` does, and ties the training to the caller's life.
    """
    options = ["--num_machines=1", f"--num_processes={config.processes}", "--dynamo_backend=no"]
    options += [
        f"--mixed_precision={'no' if config.mixed_precision == 'auto' else config.mixed_precision}",
        f"--num_cpu_threads_per_process={config.threads}",
    ]
    if config.device == "cpu":
        options.append("--cpu")
    if config.processes > 1:
        options += ["--multi_gpu", "--main_process_port=0"]
    launcher = [sys.executable, "-m", "accelerate.commands.launch", *options]
    return [*launcher, "-m", "workers.reward.train", str(Path(run_dir).resolve())]


@dataclass
class TrainingProcess:
    """A training that `start` started. It ends when the starting process does."""

    run: RunDir
    launcher: subprocess.Popen[bytes]

    def poll(self) -> Outcome | None:
        """None while it runs."""
        return None if self.launcher.poll() is None else self.wait()

    def wait(self, timeout_s: float | None = None) -> Outcome:
        """What became of it, once launcher and trainer are gone. Raises subprocess.TimeoutExpired."""
        self.launcher.wait(timeout_s)
        self._wait_for_trainer(30.0)
        if self.launcher.stdin:
            self.launcher.stdin.close()
        return self.run.outcome()

    def stop(self, grace_s: float = 30.0) -> Outcome:
        """SIGTERM, so that it saves a checkpoint; SIGKILL after `grace_s` seconds."""
        self._signal(signal.SIGTERM)
        try:
            self._wait_for_trainer(grace_s)
        except RunDirBusy:
            self._signal(signal.SIGKILL)
        return self.wait(grace_s)

    def _wait_for_trainer(self, patience_s: float) -> None:
        with self.run.locked(patience_s):
            return

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.launcher.pid, number)
        except ProcessLookupError:
            return


def start(run_dir: Path | str, config: TrainConfig, log: IO[Any] | int = subprocess.DEVNULL) -> TrainingProcess:
    """Starts the training in a process group of its own; its output goes to `log`.

    The training watches a pipe from this process and ends with it, also after SIGKILL.
    """
    command = [*launch_command(run_dir, config), "--watch-stdin"]
    launcher = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
    )
    return TrainingProcess(RunDir(Path(run_dir).resolve()), launcher)
