"""PostgreSQL refuses to run as root. Where root starts it, a user of its own owns the cluster and runs it."""

import os
import pwd
import stat
import subprocess
from pathlib import Path
from typing import TypedDict

from webapp.embedded.errors import CannotStart

NAME = "prefloop"


class RunAs(TypedDict, total=False):
    """Arguments of `subprocess`."""

    user: int
    group: int
    extra_groups: list[int]


def system_user() -> pwd.struct_passwd | None:
    """The user to run PostgreSQL as, made where it is not there; `None` where we are not root ourselves.

    Raises `CannotStart`.
    """
    if os.geteuid() != 0:
        return None
    if not _known():
        subprocess.run(["useradd", "--system", "--no-create-home", NAME], check=False, capture_output=True)
    if user := _known():
        return user
    raise CannotStart(
        "PostgreSQL does not run as root, and no user could be made for it: "
        "start as an ordinary user, or set DATABASE_URL."
    )


def run_as(user: pwd.struct_passwd | None) -> RunAs:
    return RunAs(user=user.pw_uid, group=user.pw_gid, extra_groups=[]) if user else RunAs()


def hand_over(folder: Path, user: pwd.struct_passwd | None) -> None:
    """Make `folder` and all in it the user's, where it is not: it may come from another machine or container."""
    if user is None or folder.stat().st_uid == user.pw_uid:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def let_through(path: Path) -> None:
    """Let others pass through the folders above `path`; what is in them stays as closed as it was."""
    for folder in path.resolve().parents:
        _add(folder, stat.S_IXOTH)


def let_read(folder: Path) -> None:
    """Let others read and run what is in `folder`: root's umask may have closed an installed package."""
    if folder.stat().st_mode & stat.S_IXOTH:
        return
    for path in (*folder.rglob("*"), folder):
        runs = path.stat().st_mode & stat.S_IXUSR
        _add(path, stat.S_IROTH | (stat.S_IXOTH if runs else 0))


def _add(path: Path, bits: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & bits != bits:
        path.chmod(mode | bits)


def _known() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        return None
