"""Which local models a project's manager may name, and whether they are there.

Those below the folders that whoever runs the server allows, and installed packages. Models live where the workers are,
which may be another machine than the one that is asked: what is not found here is refused where `WORKERS_HERE` says
that there is no other, and noted else.
"""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from workers import jobs
from workers.generation.backend import BackendRefused
from workers.generation.location import model_files
from workers.reward.config import TrainingRefused, resolve_base
from workers.sentences import Sentence

PACKAGE_PREFIX = "package:"


def check_generator(location: str) -> Sentence | None:
    """Why no model that answers is seen at `location` from here; None where one is. Raises `jobs.Refused`."""
    if "://" in location:
        raise jobs.Refused("%(location)s is the address of a server: choose that as what it is.", location=location)
    return _look(location, model_files)


def check_base(location: str) -> Sentence | None:
    """Why no base of a reward model is seen at `location` from here; None where one is. Raises `jobs.Refused`."""
    return _look(location, resolve_base)


def _look(location: str, find: Callable[[str], object]) -> Sentence | None:
    check(location)
    try:
        find(location)
    except (BackendRefused, TrainingRefused) as missing:
        reason = missing.sentence
    except OSError as error:  # a folder that this process may not enter
        reason = Sentence("%(location)s cannot be read: %(why)s.", location=location, why=error.strerror)
    else:
        return None
    if settings.WORKERS_HERE:
        raise jobs.Refused(reason)
    return reason


def check(location: str) -> None:
    """Raise `jobs.Refused` unless `location` is an installed package or lies below one of `MODEL_ROOTS`.

    The words are the same whether there is such a path or not: nobody learns what else lies on the server.
    """
    if location.startswith(PACKAGE_PREFIX) or _allowed(location):
        return
    raise jobs.Refused(
        "Models are read from %(folders)s only: put %(location)s there, name an installed package as "
        "%(prefix)sNAME, or have whoever runs this server add its folder to MODEL_ROOTS.",
        folders=_named(),
        location=repr(location),
        prefix=PACKAGE_PREFIX,
    )


def _allowed(location: str) -> bool:
    try:
        path = Path(location).expanduser().resolve()
    except (OSError, ValueError, RuntimeError):  # a NUL, a loop of links, an unknown ~user
        return False
    return any(path.is_relative_to(Path(root).resolve()) for root in settings.MODEL_ROOTS)


def _named() -> str:
    return " and ".join(str(root) for root in settings.MODEL_ROOTS) or "installed packages"
