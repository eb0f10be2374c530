"""Which local models a project's manager may name: those below the folders that whoever runs the server allows."""

from pathlib import Path

from django.conf import settings

from workers import jobs

PACKAGE_PREFIX = "package:"


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
