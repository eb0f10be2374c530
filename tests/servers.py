"""Pytest plugin: real PostgreSQL and Valkey for the whole run, before Django reads its settings.

Named with `-p` in pyproject.toml, since pytest-django loads the settings before any conftest. The workers of xdist
inherit the addresses. Servers named by DATABASE_URL and REDIS_URL are used as they are.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from webapp.embedded import running

_servers = ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    os.environ.setdefault("SECRET_KEY", "for tests only")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # two test processes share two cores
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("MODEL_ROOTS", tempfile.gettempdir())  # where tests keep their tiny models
    if "PREFLOOP_DATA_DIR" not in os.environ or "PREFLOOP_TEST_FOLDER" not in os.environ:
        _own_folder()
    if "DATABASE_URL" not in os.environ:
        servers = _servers.enter_context(running(Path(os.environ["PREFLOOP_DATA_DIR"]), unsafe=True))
        os.environ.update(servers.environment)
    if worker := os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw"):  # messages of its own
        os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{int(worker) + 1}"
    return (yield)


def _own_folder() -> None:
    """A data folder for this run alone: a test never touches what somebody entered."""
    folder = tempfile.mkdtemp(prefix="prefloop-test-")
    os.environ["PREFLOOP_DATA_DIR"] = os.environ["PREFLOOP_TEST_FOLDER"] = folder
    (Path(folder) / "static").mkdir()
    _servers.callback(shutil.rmtree, folder, ignore_errors=True)


def pytest_unconfigure() -> None:
    _servers.close()
