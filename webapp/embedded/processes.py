"""Child processes that never outlive us, and what they said last."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)


def parent_bound(death_signal: int = signal.SIGTERM, nice: int = 0) -> Callable[[], None]:
    """A `preexec_fn` that has the kernel signal the child when its parent dies, however it dies (on Linux: elsewhere a
    killed parent leaves its servers, and the next start ends them), and that lets others go before it."""
    libc, parent = ctypes.CDLL(None, use_errno=True), os.getpid()
    on_linux = sys.platform.startswith("linux")

    def bind() -> None:
        os.nice(nice)
        if on_linux:
            libc.prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return bind


def last_lines(log: Path, count: int = 15) -> str:
    try:
        return "\n".join(log.read_text("utf-8", "replace").splitlines()[-count:])
    except OSError as error:
        return f"(no log: {error.strerror})"
