#!/usr/bin/env python3
"""PrefLoop's commands. Without DATABASE_URL they use, or start for their time, the servers of the data folder."""

import os
import sys
from contextlib import ExitStack
from pathlib import Path

# These need no database, or bring their own.
WITHOUT_SERVERS = {
    "", "help", "version", "--help", "-h", "--version", "check", "collectstatic", "compilemessages", "diffsettings",
    "findstatic", "makemessages", "spectacular", "up",
}  # fmt: skip
NO_DATABASE = "postgresql://nobody@127.0.0.1:1/none"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    with ExitStack() as servers:
        if "DATABASE_URL" not in os.environ and "DATABASE_URL_FILE" not in os.environ:
            _connect(servers, command)
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


def _connect(servers: ExitStack, command: str) -> None:
    if command in WITHOUT_SERVERS or {"--help", "-h"} & set(sys.argv):
        os.environ["DATABASE_URL"] = NO_DATABASE
        return
    from webapp.embedded import CannotStart, running
    from webapp.embedded.secret import ensure_secret

    folder = Path(os.environ.get("PREFLOOP_DATA_DIR") or Path(__file__).resolve().parent / ".data").resolve()
    try:
        os.environ.update(servers.enter_context(running(folder)).environment)
        os.environ.setdefault("PREFLOOP_DATA_DIR", str(folder))
        if "SECRET_KEY" not in os.environ:
            os.environ.setdefault("SECRET_KEY_FILE", str(ensure_secret(folder)))
    except CannotStart as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
