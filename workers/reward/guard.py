"""Signals, and the promise that a trainer does not outlive whoever started it.

Two watches, because the trainer is a grandchild: worker → accelerate's launcher → trainer.
- On Linux the kernel sends SIGTERM when the direct parent, the launcher, dies (PR_SET_PDEATHSIG).
- Everywhere, with `--watch-stdin`: the worker holds the writing end of the trainer's standard input, which the
  launcher hands down. When the worker dies, however it dies, the kernel closes it and the trainer reads the end.
"""

import ctypes
import os
import signal
import sys
import threading
from types import FrameType

STOPPED = 128 + signal.SIGTERM
_PR_SET_PDEATHSIG = 1


class StopSignal:
    """Remembers SIGTERM, so that the trainer stops between two batches with its checkpoint written."""

    def __init__(self) -> None:
        self.received = False
        signal.signal(signal.SIGTERM, self._receive)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received = True

    def __call__(self) -> bool:
        return self.received


def die_with_parent() -> None:
    """Asks the kernel for SIGTERM when the parent dies; nothing where there is no such call."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the kernel was asked
        os.kill(os.getpid(), signal.SIGTERM)


def die_at_end_of_stdin() -> None:
    """Ends this process at once when its standard input ends. Its last checkpoint stands; there is no new one."""
    threading.Thread(target=_wait_for_end, daemon=True, name="stdin-watch").start()


def _wait_for_end() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        continue
    os._exit(STOPPED)
