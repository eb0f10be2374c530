"""Pages in Chinese need the compiled catalogue: made once, whichever of xdist's workers comes first."""

import fcntl
import tempfile
from pathlib import Path

from webapp.catalogue import LOCALE
from webapp.supervisor.translations import compile_new


def compile_once() -> None:
    with (Path(tempfile.gettempdir()) / "prefloop-translations.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        compile_new(LOCALE)
